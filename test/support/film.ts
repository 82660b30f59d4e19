import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'uqr';
import { temporaryFolder } from './folder.ts';

const [WIDTH, HEIGHT] = [1280, 960];
const MODULE_PIXELS = 6;
const [WHITE, BLACK, NO_COLOUR] = [235, 16, 128];

/** A film (YUV4MPEG2) of a QR code that is held before a camera. */
export function filmOfCode(text: string): string {
  const { data, size } = encode(text, { ecc: 'L' });
  const pixels = Buffer.alloc(WIDTH * HEIGHT, WHITE);
  const [left, top] = [WIDTH, HEIGHT].map((side) => Math.floor((side - size * MODULE_PIXELS) / 2)) as [
    number,
    number,
  ];
  for (const [y, row] of data.entries())
    for (const [x, isBlack] of row.entries())
      for (let line = 0; isBlack && line < MODULE_PIXELS; line += 1) {
        const start = (top + y * MODULE_PIXELS + line) * WIDTH + left + x * MODULE_PIXELS;
        pixels.fill(BLACK, start, start + MODULE_PIXELS);
      }
  const frame = Buffer.concat([
    Buffer.from('FRAME\n'),
    pixels,
    Buffer.alloc((WIDTH * HEIGHT) / 2, NO_COLOUR),
  ]);
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F5:1 Ip A1:1 C420jpeg\n`);
  const file = join(temporaryFolder(), 'code.y4m');
  writeFileSync(file, Buffer.concat([head, frame, frame]));
  return file;
}
