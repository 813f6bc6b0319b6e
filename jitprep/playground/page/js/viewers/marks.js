// What is drawn over a picture: boxes with their numbers, and a crosshair.

export const COLOURS = ["#ffd60a", "#64d2ff", "#ff6ac1", "#7ee787", "#ff9f43", "#c9a5ff"];

/** Paint boxes `{box, name, faint}`, in pixels of the picture. A dark edge keeps them visible on anything. */
export function paintBoxes(context, boxes, { scale, left, top }) {
  const line = 2 * devicePixelRatio;
  context.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
  context.textBaseline = "top";
  boxes.forEach(({ box, name, faint }, place) => {
    const [x1, y1, x2, y2] = box;
    const area = [left + x1 * scale, top + y1 * scale, (x2 - x1) * scale, (y2 - y1) * scale];
    context.setLineDash(faint ? [3 * line, 2 * line] : []);
    context.lineWidth = 2 * line;
    context.strokeStyle = "#000b";
    context.strokeRect(...area);
    context.lineWidth = line;
    context.strokeStyle = COLOURS[place % COLOURS.length];
    context.strokeRect(...area);
    if (name) paintName(context, name, area[0], area[1], COLOURS[place % COLOURS.length]);
  });
  context.setLineDash([]);
}

function paintName(context, name, x, y, colour) {
  const size = 14 * devicePixelRatio;
  const at = [Math.max(0, x), Math.max(0, y)];
  context.fillStyle = colour;
  context.fillRect(...at, context.measureText(name).width + size / 2, size * 1.2);
  context.fillStyle = "#000";
  context.fillText(name, at[0] + size / 4, at[1] + size / 7);
}

/** Paint a crosshair, around a pixel where pixels are large. */
export function paintCrosshair(context, x, y, scale) {
  const line = devicePixelRatio;
  const gap = Math.max(4 * line, scale / 2);
  const arm = gap + 10 * line;
  for (const [width, colour] of [[3 * line, "#000a"], [line, "#fff"]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + dx * gap, y + dy * gap);
      context.lineTo(x + dx * arm, y + dy * arm);
    }
    context.stroke();
  }
}

/** A point in pixels mapped by a 3×3 matrix. */
export function mapped(matrix, x, y) {
  const [row1, row2, row3] = matrix;
  const apply = (row) => row[0] * x + row[1] * y + row[2];
  const depth = apply(row3) || 1;
  return [apply(row1) / depth, apply(row2) / depth];
}

/** The inverse of a 3×3 matrix; null where it has none. */
export function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (!whole) return null;
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((value) => value / whole));
}
