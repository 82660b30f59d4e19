import type { Command } from 'commander';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { generateSigningKey } from '#core/keys.ts';
import type { VendorContext } from '../context.ts';
import { finishSuccession, keepSuccession } from '../keep-succession.ts';
import type { SuccessionEntry } from '../ledger-entry.ts';
import { choosePassphrase, readPassphrase } from '../passphrase.ts';
import { sealKey } from '../sealed-key.ts';
import { signSuccession } from '../sign-succession.ts';
import { filesOf, openRootKey, openSpareKey, openVendorFolder } from '../vendor-folder.ts';
import { commonTexts } from './common-texts.ts';
import { openFolder } from './open-folder.ts';

const texts = {
  en: {
    ...commonTexts.en,
    description:
      'replace the root key and its spare by new ones, signed by both; devices follow by themselves',
    spare: 'another passphrase for the spare key (default: the same)',
    new: 'passphrase for the new keys (default: those of the present ones)',
    root: 'New root key',
    spareKey: 'New spare key',
    version: 'Version',
    rootsFile: 'For devices and servers',
    finished: `An earlier run was cut off; its replacement is finished now, and no other was begun. The new keys have the
passphrases that were given then.`,
    next: `Back the folder up now; keep a copy of the new spare key in another place. Then: license-vendor recertify.
The servers import vendor-roots.json and their new certificate; devices that are in the field learn of it from their
server. Give device makers the new vendor-roots.json only once the servers have their certificates.`,
  },
  zh: {
    ...commonTexts.zh,
    description: '以新的根密钥与备用密钥替换现有密钥，由现有两把密钥共同签名；设备会自动跟随',
    spare: '备用密钥使用另一个口令（默认相同）',
    new: '新密钥的口令（默认沿用现有口令）',
    root: '新根密钥',
    spareKey: '新备用密钥',
    version: '版本',
    rootsFile: '设备与服务器根文件',
    finished: '先前的一次运行曾中断；现已完成该次更替，未开始新的更替。新密钥使用当时给出的口令。',
    next: `请立即备份该目录，并将新的备用密钥另存一处，然后执行：license-vendor recertify。
各服务器导入 vendor-roots.json 与新证书后，在用设备会从服务器获知更替。请在服务器取得新证书之后，再将新的
vendor-roots.json 交给设备厂商。`,
  },
};

interface ReplaceRootOptions {
  dir: string;
  passphraseFile?: string;
  sparePassphraseFile?: string;
  newPassphraseFile?: string;
}

/** `license-vendor replace-root`; what an earlier run of it left undone is finished, instead of a further replacement. */
export function replaceRoot(program: Command, context: VendorContext): void {
  const { terminal } = context;
  const text = texts[terminal.language];
  program
    .command('replace-root')
    .description(text.description)
    .requiredOption('--dir <FOLDER>', text.dir)
    .option('--passphrase-file <FILE>', text.passphraseFile)
    .option('--spare-passphrase-file <FILE>', text.spare)
    .option('--new-passphrase-file <FILE>', text.new)
    .action(async (options: ReplaceRootOptions) => {
      const finished = finishSuccession(options.dir);
      if (finished !== undefined) terminal.err(`${text.finished}\n`);
      tell(finished ?? (await succeed(options, context)), options.dir, terminal);
    });
}

async function succeed(options: ReplaceRootOptions, context: VendorContext): Promise<SuccessionEntry> {
  const { dir, passphraseFile, sparePassphraseFile: spareFile, newPassphraseFile: newFile } = options;
  const { roots: meant } = openFolder(dir, context);
  const passphrase = await readPassphrase(passphraseFile, context);
  const sparePassphrase = spareFile === undefined ? passphrase : await readPassphrase(spareFile, context);
  const chosen = newFile === undefined ? undefined : await choosePassphrase(newFile, context);

  // A person may have taken long to type it.
  const folder = openVendorFolder(dir);
  if (folder.roots.root.thumbprint !== meant.root.thumbprint)
    throw new LicenseError('ledger_changed', { file: folder.ledger.file });
  const present = {
    root: await openRootKey(folder, async () => passphrase),
    spare: await openSpareKey(folder, async () => sparePassphrase),
  };
  const next = { root: generateSigningKey(), spare: generateSigningKey() };
  // What the present root signed while the clock was ahead stays good: nobody believes it of later times from now on.
  const at = Math.max(context.clock.now(), ...folder.ledger.entries.map((signed) => signed.at));
  const { roots, entry } = await signSuccession(folder.roots, present, next, at);
  keepSuccession(folder, {
    ...{ roots, entry },
    sealedRoot: await sealKey(next.root, chosen ?? passphrase),
    sealedSpare: await sealKey(next.spare, chosen ?? sparePassphrase),
  });
  return entry;
}

function tell({ version, root, spare }: SuccessionEntry, dir: string, terminal: Terminal): void {
  const text = texts[terminal.language];
  const files = filesOf(dir, version);
  answer(
    terminal,
    { version, root, spare, rootsFile: files.roots },
    `${table([
      [text.version, String(version)],
      [text.root, `${root}  ${files.rootKey}`],
      [text.spareKey, `${spare}  ${files.spareKey}`],
      [text.rootsFile, files.roots],
    ])}\n${text.next}`,
  );
}
