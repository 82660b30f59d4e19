import { grantDocument } from '#core/documents/grant.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { typeOf } from '#core/documents/signed-document.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { type CertificateImport, importCertificate } from '../licensing/import-certificate.ts';
import { type GrantImport, importGrant } from '../licensing/import-grant.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

/** `license-server import FILE`: a grant or an issuer certificate, whichever the file holds. */
export async function importFile(context: CommandContext, file: string): Promise<void> {
  const document = readTextFile(file, grantDocument.maxBytes + 2).trim();
  const typ = typeOf(document);
  const imported = await withStore(context, (store, { roots, serverId, key }) =>
    store.write<CertificateImport | GrantImport>(now(), async (transaction) => {
      switch (typ) {
        case grantDocument.typ:
          return importGrant(transaction, document, [roots.root], serverId, operator());
        case issuerCertificateDocument.typ:
          return importCertificate(transaction, document, [roots.root], { serverId, key }, operator());
        default:
          throw new LicenseError('document_wrong_type', {
            where: `${grantDocument.typ} / ${issuerCertificateDocument.typ}`,
            typ,
            alg: '-',
          });
      }
    }),
  );

  const zh = context.terminal.language === 'zh';
  const again = imported.changed
    ? ''
    : zh
      ? '（已导入过，未做更改）'
      : ' (was imported before; nothing changed)';
  const text =
    imported.kind === 'certificate'
      ? zh
        ? `已导入企业 ${imported.cid} 的签发证书，序号 ${imported.serial}，有效期至 ${day(imported.exp)}${again}`
        : `Issuer certificate ${imported.serial} for company ${imported.cid}, valid until ${day(imported.exp)}${again}`
      : [
          zh
            ? `已导入企业 ${imported.cid} 的授权 ${imported.grantId}${again}`
            : `Grant ${imported.grantId} for company ${imported.cid}${again}`,
          ...imported.lines.map(({ kind, pid, count, appId }) => {
            const what = kind === 'purchase' ? (zh ? '购买' : 'purchase') : zh ? '续期' : 'renewal ';
            return `  ${what}  ${pid}  ${count}  ${appId ?? (zh ? '所有 App 共享' : 'shared by all Apps')}`;
          }),
        ].join('\n');
  answer(context.terminal, imported, text);
}

function day(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 10);
}
