import type { Command } from 'commander';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { answer, usageError } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { verificationKey } from '#core/keys.ts';
import type { VendorContext } from '../context.ts';
import { type InspectionKeys, inspectDocument } from '../inspect-document.ts';
import { openFolder } from './open-folder.ts';
import { readDocument } from './read-document.ts';

const texts = {
  en: {
    description: 'show what a signed document says, and verify it where the keys are at hand',
    file: 'a signed document',
    dir: "the vendor's folder: its roots, and the servers it certified",
    roots: 'a vendor-roots.json',
    root: 'verified: signed by the vendor root',
    server: 'verified: signed by a server that this vendor certified',
    itself: 'signed by the key that it carries; who holds that key is not shown by it',
    nobody: 'NOT verified: the keys are not at hand (--dir or --roots)',
  },
  zh: {
    description: '显示签名文件的内容，并在有密钥时验证',
    file: '签名文件',
    dir: '厂商目录：根密钥以及已认证的服务器',
    roots: 'vendor-roots.json 文件',
    root: '已验证：由厂商根密钥签名',
    server: '已验证：由本厂商认证的服务器签名',
    itself: '由文件自带的密钥签名；不能说明密钥的持有者',
    nobody: '未验证：缺少密钥（--dir 或 --roots）',
  },
};

/** `license-vendor show` */
export function show(program: Command, context: VendorContext): void {
  const { terminal } = context;
  const text = texts[terminal.language];
  program
    .command('show')
    .description(text.description)
    .argument('<FILE>', text.file)
    .option('--dir <FOLDER>', text.dir)
    .option('--roots <FILE>', text.roots)
    .action(async (file: string, options: { dir?: string; roots?: string }) => {
      const inspection = await inspectDocument(readDocument(file), keysFrom(options, context));
      if (!terminal.json) terminal.err(`${inspection.typ}: ${text[inspection.verifiedBy ?? 'nobody']}\n`);
      answer(terminal, inspection, JSON.stringify(inspection, null, 2));
    });
}

function keysFrom({ dir, roots }: { dir?: string; roots?: string }, context: VendorContext): InspectionKeys {
  if (dir !== undefined && roots !== undefined)
    throw usageError({ en: 'give --dir or --roots, not both', zh: '--dir 与 --roots 只能使用其一' });
  if (roots !== undefined) return { roots: parseVendorRoots(readTextFile(roots), roots).all };
  if (dir === undefined) return {};
  const folder = openFolder(dir, context);
  const certificates = folder.ledger.entries.filter((entry) => entry.kind === 'certificate');
  return { roots: folder.roots.all, servers: certificates.map(({ jwk }) => verificationKey(jwk)) };
}
