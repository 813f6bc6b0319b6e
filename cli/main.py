"""`jitprep`: the commands and their help."""

from __future__ import annotations

import typer

from cli import backfill, cost, demo, plan, preview, run, up

app = typer.Typer(
    name="jitprep",
    help="Just-in-time preprocessing of training data at the S3 read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(up.up)
app.command("run")(run.run)
app.command("backfill")(backfill.backfill)
app.command("plan")(plan.plan)
app.command("preview")(preview.preview)
app.command("cost")(cost.cost)
app.command("demo")(demo.demo)

if __name__ == "__main__":
    app()
