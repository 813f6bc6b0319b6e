// The difference of two texts, by words.

const MOST_WORDS = 2000;

/**
 * Both texts in parts `{text, same}`, and whether only their beginnings were compared. The rest of a longer
 * text counts as the same.
 */
export function difference(before, after) {
  const old = words(before);
  const young = words(after);
  const cut = old.length > MOST_WORDS || young.length > MOST_WORDS;
  const oldRest = old.splice(MOST_WORDS).join("");
  const youngRest = young.splice(MOST_WORDS).join("");
  const common = commonWords(old, young);
  return {
    before: parts(old, common.old, oldRest),
    after: parts(young, common.young, youngRest),
    cut,
  };
}

/** Words with the spaces behind them, so that a change of spaces is seen, too. */
function words(text) {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

/** Which words of each list are in their longest common subsequence. */
function commonWords(old, young) {
  let start = 0;
  while (start < old.length && start < young.length && old[start] === young[start]) start += 1;
  let end = 0;
  while (
    end < Math.min(old.length, young.length) - start &&
    old[old.length - 1 - end] === young[young.length - 1 - end]
  ) end += 1;
  const rows = old.length - start - end;
  const columns = young.length - start - end;
  const width = columns + 1;
  const lengths = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      lengths[row * width + column] = old[start + row] === young[start + column]
        ? lengths[(row + 1) * width + column + 1] + 1
        : Math.max(lengths[(row + 1) * width + column], lengths[row * width + column + 1]);
    }
  }
  const same = { old: new Uint8Array(old.length), young: new Uint8Array(young.length) };
  same.old.fill(1, 0, start).fill(1, old.length - end);
  same.young.fill(1, 0, start).fill(1, young.length - end);
  let row = 0;
  let column = 0;
  while (row < rows && column < columns) {
    if (old[start + row] === young[start + column]) {
      same.old[start + row] = same.young[start + column] = 1;
      row += 1;
      column += 1;
    } else if (lengths[(row + 1) * width + column] >= lengths[row * width + column + 1]) row += 1;
    else column += 1;
  }
  return same;
}

function parts(list, same, rest) {
  const made = [];
  list.forEach((text, place) => {
    const last = made.at(-1);
    if (last && last.same === Boolean(same[place])) last.text += text;
    else made.push({ text, same: Boolean(same[place]) });
  });
  if (rest) made.push({ text: rest, same: true });
  return made;
}
