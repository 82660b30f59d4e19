const ELLIPSIS = '…';

/** Lines as one text of at most so many bytes of UTF-8: whole lines, then `…`; a first line too long is cut itself. */
export function fitText(lines: readonly string[], maxBytes: number): string {
  const text = lines.join('\n');
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const kept: string[] = [];
  let room = maxBytes - Buffer.byteLength(`\n${ELLIPSIS}`);
  for (const line of lines) {
    room -= Buffer.byteLength(line) + 1;
    if (room < 0) break;
    kept.push(line);
  }
  return kept.length > 0 ? [...kept, ELLIPSIS].join('\n') : cut(lines[0] ?? '', maxBytes);
}

function cut(line: string, maxBytes: number): string {
  let kept = '';
  for (const character of line) {
    if (Buffer.byteLength(kept + character + ELLIPSIS) > maxBytes) break;
    kept += character;
  }
  return kept + ELLIPSIS;
}
