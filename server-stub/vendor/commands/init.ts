import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { VendorRoots } from '#core/documents/vendor-roots.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { generateSigningKey } from '#core/keys.ts';
import { NAME } from '#core/notation/common-fields.ts';
import { parseOption } from '#core/notation/fields.ts';
import type { VendorContext } from '../context.ts';
import { choosePassphrase } from '../passphrase.ts';
import { sealKey } from '../sealed-key.ts';
import { createVendorFolder, filesOf, requireEmptyFolder } from '../vendor-folder.ts';
import { commonTexts } from './common-texts.ts';

const texts = {
  en: {
    ...commonTexts.en,
    description: "make the vendor's root keys, its ledger, and the roots file for device makers",
    dir: "the vendor's folder, made here",
    name: "the vendor's name",
    spare: 'another passphrase for the spare key (default: the same)',
    folder: 'Vendor folder',
    root: 'Root key',
    spareKey: 'Spare key',
    rootsFile: 'For devices',
    keep: `Back the folder up now; keep a copy of spare.key.json in another place. Without these keys and their passphrases
nothing can be signed again.`,
  },
  zh: {
    ...commonTexts.zh,
    description: '生成厂商根密钥、签发账本，以及供设备厂商使用的根文件',
    dir: '厂商目录（由本命令创建）',
    name: '厂商名称',
    spare: '备用密钥使用另一个口令（默认相同）',
    folder: '厂商目录',
    root: '根密钥',
    spareKey: '备用密钥',
    rootsFile: '设备根文件',
    keep: `请立即备份该目录，并将 spare.key.json 另存一处。丢失密钥或口令后将无法再签发任何文件。`,
  },
};

/** `license-vendor init` */
export function init(program: Command, context: VendorContext): void {
  const { terminal, clock } = context;
  const text = texts[terminal.language];
  program
    .command('init')
    .description(text.description)
    .requiredOption('--dir <FOLDER>', text.dir)
    .requiredOption('--name <NAME>', text.name)
    .option('--passphrase-file <FILE>', text.passphraseFile)
    .option('--spare-passphrase-file <FILE>', text.spare)
    .action(async (options: { dir: string; name: string } & Partial<Record<PassphraseFile, string>>) => {
      const dir = resolve(options.dir);
      const vendor = parseOption(options.name, '--name', NAME);
      requireEmptyFolder(dir);
      const passphrase = await choosePassphrase(options.passphraseFile, context);
      const spareFile = options.sparePassphraseFile;
      const sparePassphrase =
        spareFile === undefined ? passphrase : await choosePassphrase(spareFile, context);

      const [root, spare] = [generateSigningKey(), generateSigningKey()];
      const roots: VendorRoots = { version: 1, vendor, root: root.jwk, spare: spare.jwk };
      const thumbprints = { root: root.thumbprint, spare: spare.thumbprint };
      createVendorFolder(dir, {
        sealedRoot: await sealKey(root, passphrase),
        sealedSpare: await sealKey(spare, sparePassphrase),
        roots,
        entry: { kind: 'init', at: clock.now(), vendor, ...thumbprints },
      });
      const rootsFile = filesOf(dir).roots;
      answer(
        terminal,
        { dir, vendor, rootsFile, ...thumbprints },
        `${table([
          [text.folder, dir],
          [text.root, root.thumbprint],
          [text.spareKey, spare.thumbprint],
          [text.rootsFile, rootsFile],
        ])}\n${text.keep}`,
      );
    });
}

type PassphraseFile = 'passphraseFile' | 'sparePassphraseFile';
