import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { isoDay } from '#core/clock.ts';
import { answer } from '#core/host/cli.ts';
import { makeFolderDurably, readTextFile } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';
import type { SigningKey } from '#core/keys.ts';
import type { VendorContext } from '../context.ts';
import { draftRecertification } from '../draft-recertification.ts';
import { readIssuedCopy } from '../issued-copy.ts';
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
    known: 'All of them were signed by an earlier run; nothing was signed now.',
    next: 'Send each server its certificate together with vendor-roots.json. There: license-server import vendor-roots.json, then license-server import FILE.',
  },
  zh: {
    ...commonTexts.zh,
    description: 'replace-root 之后为每台服务器重新签署证书：密钥与有效期不变，由新根密钥签署',
    out: '证书输出目录',
    head: ['企业', '服务器', '序号', '有效期至', '文件'],
    none: '没有需要重新认证的服务器。',
    known: '以上证书均由先前的运行签署，本次未签署任何文件。',
    next: '请将证书与 vendor-roots.json 一并发给各服务器，并在服务器上依次执行：license-server import vendor-roots.json、license-server import FILE。',
  },
};

/** `license-vendor recertify`; run again, it hands out the same certificates. */
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
      const planned = draftRecertification(folder.ledger.entries, clock.now(), (entry) =>
        readIssuedCopy(folder.ledger, entry),
      ).map(({ certificate, ...facts }) => {
        const name = `issuer-${facts.serverId.slice(0, 8)}-${facts.cid}-${facts.serial}.jwt`;
        return { certificate, facts: { ...facts, file: join(resolve(options.out), name) } };
      });
      for (const { facts, certificate } of planned)
        if (!holds(facts.file, certificate)) requireNewFile(facts.file);
      if (planned.length > 0) makeFolderDurably(resolve(options.out));

      let root: SigningKey | undefined;
      let { ledger } = folder;
      for (const { facts, certificate } of planned) {
        let document = certificate;
        if (typeof document !== 'string') {
          root ??= await openRootKey(folder, () => readPassphrase(options.passphraseFile, context));
          const signed = await signCertificate(document, root);
          ledger = keepSigned(ledger, signed.entry, signed.document);
          document = signed.document;
        }
        if (!holds(facts.file, document)) writeNewFile(facts.file, document, 0o644);
      }
      const certificates = planned.map(({ facts }) => facts);
      const rows = certificates.map(({ serverId, cid, serial, exp, file }) => [
        ...[cid, serverId, serial],
        ...[isoDay(exp), file],
      ]);
      const known = root === undefined ? `\n${text.known}` : '';
      answer(
        terminal,
        { certificates },
        rows.length === 0 ? text.none : `${table([text.head, ...rows], terminal)}${known}\n${text.next}`,
      );
    });
}

/** Whether a file holds that very document, as an earlier run left it. */
function holds(file: string, document: unknown): boolean {
  return existsSync(file) && readTextFile(file) === document;
}
