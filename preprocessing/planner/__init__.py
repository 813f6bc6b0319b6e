"""The planner: turns a pipeline and a source's header into a physical plan, and runs the plan.

Read the modules in this order:

1. `plan` makes a `Plan`: `infer` checks that each step can take its input, and `build` lowers the steps
   to stages and applies the rewrites. `execute` runs the plan.
2. `stages` has the parts of a plan. A `Start` decodes the source; each `Stage` after it makes one array
   from another. `stages.base` defines both, and the other modules have the stages of one kind each.
3. `rewrites` has the rules that make a plan cheaper, each with its tolerance. `rewrites.base` defines
   `Rule` and `Draft`; `rewrites.decoding`, `moves` and `arithmetic` have the rules.
4. `peak` computes the peak memory of a plan, which `build` compares with the limits.
5. `timing` measures each part of a plan, for ``jitprep plan --time``.

The arithmetic itself is in `preprocessing.kernels`.
"""
