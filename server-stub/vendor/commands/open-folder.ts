import type { VendorContext } from '../context.ts';
import { openVendorFolder, type VendorFolder } from '../vendor-folder.ts';

/** Opens the vendor's folder for a command, and tells of a torn ledger line. */
export function openFolder(dir: string, { terminal }: VendorContext): VendorFolder {
  const folder = openVendorFolder(dir);
  if (folder.ledger.torn) {
    const { file } = folder.ledger;
    terminal.err(
      {
        en: `warning: the last line of ${file} is torn, as a crash leaves it; what it was to record was never handed out\n`,
        zh: `警告：${file} 的最后一行不完整（崩溃所致）；对应的文件从未发出\n`,
      }[terminal.language],
    );
  }
  return folder;
}
