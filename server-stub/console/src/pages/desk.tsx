import { App, Badge, Button, Flex, Progress, Typography, Upload } from 'antd';
import { lazy, Suspense, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type DeskAnswer } from '../data/api.ts';
import { saveFile } from '../data/save-file.ts';
import { DataTable } from '../shell/data-table.tsx';
import { PageTitle, PartTitle } from '../shell/page-title.tsx';

const QrCamera = lazy(() =>
  import('./desk/qr-camera.tsx').then(({ QrCamera: Camera }) => ({ default: Camera })),
);

/** A file or a QR code, and what was said to it. */
interface Served {
  readonly key: string;
  /** Of its answer file. */
  readonly name: string;
  readonly answer: DeskAnswer['answer'] | undefined;
  readonly requests: DeskAnswer['requests'];
  /** Why there is no answer. */
  readonly problem: string;
}

type Row = DeskAnswer['requests'][number] & {
  readonly key: string;
  readonly served: Served;
  readonly isFirst: boolean;
};

/** Requests of devices without a network, and the answers to take back to them. */
export function DeskPage() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [served, setServed] = useState<readonly Served[]>([]);
  const [isScanning, setScanning] = useState(false);
  const [progress, setProgress] = useState<{ done: number; all: number }>();
  const scanned = useRef(new Set<string>());

  const serve = async (name: string, text: string) => {
    const key = `${name} ${Date.now()} ${Math.random()}`;
    const answerName = `${name.replace(/\.(json|jwt|txt)$/i, '')}.answer.json`;
    const result = await call<DeskAnswer>('POST', '/desk', { name, text }).then(
      ({ answer, requests }): Served => ({ key, name: answerName, answer, requests, problem: '' }),
      (failure: Error): Served => ({
        ...{ key, name, answer: undefined, requests: [] },
        problem: failure.message || t('offline'),
      }),
    );
    setServed((before) => [result, ...before]);
    return result;
  };
  const serveFiles = async (files: readonly File[]) => {
    for (const [done, file] of files.entries()) {
      setProgress({ done, all: files.length });
      await serve(file.name, await file.text());
    }
    setProgress(undefined);
  };
  const onCode = async (text: string) => {
    if (scanned.current.has(text)) return;
    scanned.current.add(text);
    const { requests } = await serve(`qr-${scanned.current.size}.json`, text);
    void message.info(`${t('answered')}: ${requests[0]?.licenseKey ?? '–'}`);
  };
  const answers = served.filter(({ answer }) => answer !== undefined);
  const saveAll = async () => {
    const { strToU8, zipSync } = await import('fflate');
    const entries = answers.map(({ name, answer }, index) => [
      answers.findIndex((each) => each.name === name) === index ? name : `${index + 1}-${name}`,
      strToU8(`${JSON.stringify(answer)}\n`),
    ]);
    saveFile(
      'answers.zip',
      zipSync(Object.fromEntries(entries)) as Uint8Array<ArrayBuffer>,
      'application/zip',
    );
  };
  const rows = served.flatMap(rowsOf);
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('desk')}>
        <Button onClick={() => setScanning(!isScanning)}>{t(isScanning ? 'scanStop' : 'scan')}</Button>
      </PageTitle>
      <Typography.Text type="secondary">{t('deskWhy')}</Typography.Text>
      {isScanning && (
        <Suspense>
          <QrCamera onCode={(text) => void onCode(text)} />
        </Suspense>
      )}
      <Upload.Dragger
        multiple
        accept=".json,.jwt,.txt"
        showUploadList={false}
        disabled={progress !== undefined}
        beforeUpload={(file, files) => {
          // Called for each of them.
          if (file === files.at(-1)) void serveFiles(files);
          return false;
        }}
      >
        <p>{t('dropRequests')}</p>
        <Typography.Text type="secondary">{t('dropRequestsWhy')}</Typography.Text>
      </Upload.Dragger>
      {progress !== undefined && (
        <Progress
          aria-label={t('desk')}
          percent={Math.round((100 * progress.done) / progress.all)}
          format={() => t('working', progress)}
        />
      )}
      <PartTitle title={t('answered')}>
        <Button disabled={answers.length === 0} onClick={() => void saveAll()}>
          {t('downloadAll')}
        </Button>
      </PartTitle>
      <DataTable<Row>
        name={t('answered')}
        dataSource={rows}
        rowKey="key"
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          { title: t('device'), dataIndex: 'licenseKey', render: (key: string | null) => key ?? '–' },
          {
            title: t('asked'),
            dataIndex: 'purpose',
            render: (purpose: string | null) => (purpose === null ? '–' : t(`purposes.${purpose}`, purpose)),
          },
          {
            title: t('answer'),
            key: 'answer',
            render: (_, { given, outcome, message: text }) => (
              <Badge
                status={given ? 'success' : 'error'}
                text={given ? t(`given.${outcome}`, outcome) : text}
              />
            ),
          },
          {
            title: t('downloadAnswer'),
            key: 'file',
            render: (_, { served: { name, answer }, isFirst }) =>
              isFirst &&
              (answer === undefined ? (
                name
              ) : (
                <Button
                  size="small"
                  onClick={() => saveFile(name, `${JSON.stringify(answer)}\n`, 'application/json')}
                >
                  {name}
                </Button>
              )),
          },
        ]}
      />
    </Flex>
  );
}

function rowsOf(served: Served): Row[] {
  const none = { licenseKey: null, purpose: null, given: false, outcome: '', message: served.problem };
  const requests = served.answer === undefined ? [none] : served.requests;
  return requests.map((request, index) => ({
    ...request,
    ...{ key: `${served.key} ${index}`, served, isFirst: index === 0 },
  }));
}
