import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { isoDay } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { reasonOf } from '#core/host/reason.ts';
import { table } from '#core/host/table.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';
import type { VendorContext } from '../context.ts';
import { draftRecertification } from '../draft-recertification.ts';
import { keepSigned } from '../keep-signed.ts';
import { readPassphrase } from '../passphrase.ts';
import { signCertificate } from '../sign-certificate.ts';
import { openRootKey } from '../vendor-folder.ts';
import { commonTexts } from './common-texts.ts';
import { openFolder } from './open-folder.ts';

const texts = {
  en: {
    ...commonTexts.en,
    description: 'certify every server anew after replace-root: same key, same end, signed by the new root',
    out: 'folder for the certificates',
    head: ['Company', 'Server', 'Serial', 'Valid until', 'File'],
    none: 'No server waits for a new certificate.',
    next: 'Send each server its certificate together with vendor-roots.json. There: license-server import vendor-roots.json, then license-server import FILE.',
  },
  zh: {
    ...commonTexts.zh,
    description: 'replace-root 之后为每台服务器重新签署证书：密钥与有效期不变，由新根密钥签署',
    out: '证书输出目录',
    head: ['企业', '服务器', '序号', '有效期至', '文件'],
    none: '没有需要重新认证的服务器。',
    next: '请将证书与 vendor-roots.json 一并发给各服务器，并在服务器上依次执行：license-server import vendor-roots.json、license-server import FILE。',
  },
};

/** `license-vendor recertify` */
export function recertify(program: Command, context: VendorContext): void {
  const { terminal, clock } = context;
  const text = texts[terminal.language];
  program
    .command('recertify')
    .description(text.description)
    .requiredOption('--dir <FOLDER>', text.dir)
    .requiredOption('--out <FOLDER>', text.out)
    .option('--passphrase-file <FILE>', text.passphraseFile)
    .action(async (options: { dir: string; out: string; passphraseFile?: string }) => {
      const folder = openFolder(options.dir, context);
      const out = resolve(options.out);
      const drafts = draftRecertification(folder.ledger.entries, clock.now()).map((draft) => ({
        draft,
        file: join(out, `issuer-${draft.sub.slice(0, 8)}-${draft.cid}-${draft.serial}.jwt`),
      }));
      for (const { file } of drafts) requireNewFile(file);
      if (drafts.length > 0) makeFolder(out);

      const root =
        drafts.length > 0 &&
        (await openRootKey(folder, () => readPassphrase(options.passphraseFile, context)));
      const certificates = [];
      for (const { draft, file } of drafts) {
        if (root === false) break;
        const { document, entry } = await signCertificate(draft, root);
        // The ledger grows with each; what was read before the last is not what it is now.
        keepSigned(openFolder(options.dir, context).ledger, entry, document);
        writeNewFile(file, document, 0o644);
        const { sub: serverId, cid, serial, exp } = draft;
        certificates.push({ serverId, cid, serial, exp, file });
      }
      const rows = certificates.map(({ serverId, cid, serial, exp, file }) => [
        cid,
        serverId,
        serial,
        isoDay(exp),
        file,
      ]);
      answer(
        terminal,
        { certificates },
        rows.length === 0 ? text.none : `${table([text.head, ...rows], terminal)}\n${text.next}`,
      );
    });
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new LicenseError('file_unwritable', { file: folder, problem: reasonOf(cause) }, { cause });
  }
}
