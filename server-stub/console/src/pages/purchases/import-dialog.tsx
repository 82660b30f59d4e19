import { useQueryClient } from '@tanstack/react-query';
import { Alert, App, Flex, Modal, Typography, Upload } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type ImportView } from '../../data/api.ts';
import { dayOf } from '../../data/times.ts';
import { Failure } from '../../shell/failure.tsx';
import { useMe } from '../../shell/session-context.ts';

interface Looked {
  readonly name: string;
  readonly text: string;
  readonly view: ImportView;
}

/** A file of the vendor: looked at first, imported when the person says so. */
export function ImportDialog({ onClose }: { onClose(): void }) {
  const { t } = useTranslation();
  const { zone } = useMe();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [looked, setLooked] = useState<Looked>();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    await work().catch(setError);
    setBusy(false);
  };
  const look = (file: File) =>
    attempt(async () => {
      setLooked(undefined);
      const document = { name: file.name, text: await file.text() };
      const view = await call<ImportView>('POST', '/documents?preview=true', document);
      setLooked({ ...document, view });
    });
  const importIt = ({ name, text }: Looked) =>
    attempt(async () => {
      await call<ImportView>('POST', '/documents', { name, text });
      await queries.invalidateQueries();
      void message.success(t('imported'));
      onClose();
    });
  return (
    <Modal
      open
      title={t('importDocument')}
      okText={t('importNow')}
      cancelText={t('cancel')}
      confirmLoading={isBusy}
      okButtonProps={{ disabled: looked?.view.changed !== true }}
      onOk={() => looked && void importIt(looked)}
      onCancel={onClose}
    >
      <Flex vertical gap={12}>
        <Upload.Dragger
          accept=".jwt,.json,.txt"
          showUploadList={false}
          beforeUpload={(file) => {
            void look(file);
            return false;
          }}
        >
          <p>{t('dropDocument')}</p>
          <Typography.Text type="secondary">{t('dropDocumentWhy')}</Typography.Text>
        </Upload.Dragger>
        {error !== undefined && <Failure error={error} />}
        {looked !== undefined && (
          <Alert
            type={looked.view.changed ? 'info' : 'warning'}
            showIcon
            title={titleOf(looked.view)}
            description={
              <>
                {!looked.view.changed && <div>{t('importAgain')}</div>}
                {looked.view.kind === 'grant' &&
                  looked.view.lines.map((line) => (
                    <div key={line.termsId}>
                      {t(`lineOf.${line.kind}`)} <code className="id">{line.pid}</code>: {line.count}
                    </div>
                  ))}
              </>
            }
          />
        )}
      </Flex>
    </Modal>
  );

  function titleOf(view: ImportView): string {
    switch (view.kind) {
      case 'grant':
        return t('documentKinds.grant', { id: view.grantId, cid: view.cid });
      case 'certificate':
        return t('documentKinds.certificate', { ...view, day: dayOf(view.exp, zone) });
      case 'roots':
        return t('documentKinds.roots', { version: view.version });
    }
  }
}
