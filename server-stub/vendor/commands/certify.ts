import type { Command } from 'commander';
import * as Type from 'typebox';
import { isoDay } from '#core/clock.ts';
import { verifyApplication } from '#core/documents/application.ts';
import { table } from '#core/host/table.ts';
import { verificationKey } from '#core/keys.ts';
import { numberField, parseOption, parseOptional } from '#core/notation/fields.ts';
import type { VendorContext } from '../context.ts';
import { draftCertificate } from '../draft-certificate.ts';
import { keepSigned } from '../keep-signed.ts';
import { readPassphrase } from '../passphrase.ts';
import { signCertificate } from '../sign-certificate.ts';
import { openRootKey } from '../vendor-folder.ts';
import { commonTexts } from './common-texts.ts';
import { openFolder } from './open-folder.ts';
import { openOutput } from './output.ts';
import { readDocument } from './read-document.ts';

const texts = {
  en: {
    ...commonTexts.en,
    description: 'certify the server that made an application: sign its issuer certificate',
    application: 'the file made by license-server apply',
    out: 'new file to write, "-" for stdout (default: issuer-SERVER-SERIAL.jwt here)',
    years: 'years the server may issue',
    serial: 'serial, higher than all before (default: the next)',
    newKey: 'the server is known under another key, and the customer confirmed the change',
    company: 'Company',
    server: 'Server',
    key: 'Server key',
    until: 'Valid until',
    serialLabel: 'Serial',
    file: 'File',
  },
  zh: {
    ...commonTexts.zh,
    description: '认证提交申请的服务器：签署其签发证书',
    application: 'license-server apply 生成的申请文件',
    out: '输出文件（不得已存在），"-" 表示标准输出（默认：当前目录 issuer-SERVER-SERIAL.jwt）',
    years: '服务器可签发的年数',
    serial: '序号，必须高于以往（默认：下一个）',
    newKey: '该服务器此前使用另一密钥，且客户已确认更换',
    company: '企业',
    server: '服务器',
    key: '服务器密钥',
    until: '有效期至',
    serialLabel: '序号',
    file: '文件',
  },
};

const YEARS = numberField(Type.Integer({ minimum: 1, maximum: 100 }), {
  en: 'a number of years from 1 to 100',
  zh: '1 到 100 的年数',
});
const SERIAL = numberField(Type.Integer({ minimum: 1 }), { en: 'a number from 1', zh: '大于 0 的整数' });

interface CertifyOptions {
  dir: string;
  out?: string;
  years: string;
  serial?: string;
  newKey?: boolean;
  passphraseFile?: string;
}

/** `license-vendor certify` */
export function certify(program: Command, context: VendorContext): void {
  const { terminal, clock } = context;
  const text = texts[terminal.language];
  program
    .command('certify')
    .description(text.description)
    .argument('<APPLICATION>', text.application)
    .requiredOption('--dir <FOLDER>', text.dir)
    .option('--out <FILE>', text.out)
    .option('--years <N>', text.years, '5')
    .option('--serial <N>', text.serial)
    .option('--new-key', text.newKey)
    .option('--passphrase-file <FILE>', text.passphraseFile)
    .action(async (file: string, options: CertifyOptions) => {
      const years = parseOption(options.years, '--years', YEARS);
      const serial = parseOptional(options.serial, '--serial', SERIAL);
      const folder = openFolder(options.dir, context);
      const application = await verifyApplication(readDocument(file));
      const draft = draftCertificate(
        application,
        { years, newKey: options.newKey ?? false, ...(serial !== undefined && { serial }) },
        folder.ledger.entries,
        clock.now(),
      );
      const defaultOut = `issuer-${draft.sub.slice(0, 8)}-${draft.serial}.jwt`;
      const output = openOutput(options.out ?? defaultOut, terminal);

      const root = await openRootKey(folder, () => readPassphrase(options.passphraseFile, context));
      const { document, entry } = await signCertificate(draft, root);
      keepSigned(folder.ledger, entry, document);

      const { sub: serverId, cid, nbf, exp } = draft;
      const keyThumbprint = verificationKey(draft.cnf.jwk).thumbprint;
      output.deliver(
        document,
        { kind: 'certificate', serverId, cid, serial: draft.serial, keyThumbprint, nbf, exp },
        (written) =>
          table([
            [text.company, `${application.name} (CID ${cid})`],
            [text.server, serverId],
            [text.key, keyThumbprint],
            [text.serialLabel, String(draft.serial)],
            [text.until, isoDay(exp)],
            ...(written === undefined ? [] : [[text.file, written]]),
          ]),
      );
    });
}
