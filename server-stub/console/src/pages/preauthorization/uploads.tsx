import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Checkbox, Flex, Progress, Typography, Upload } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type UploadAccepted, type UploadList } from '../../data/api.ts';
import { timeOf } from '../../data/times.ts';
import { upload } from '../../data/upload.ts';
import { DataTable } from '../../shell/data-table.tsx';
import { Failure } from '../../shell/failure.tsx';
import { PartTitle } from '../../shell/page-title.tsx';
import { useMe } from '../../shell/session-context.ts';

type Listed = UploadList['uploads'][number];

/** Files of LicenseKeys: sent, looked through whole, then entered while one may leave. */
export function Uploads({ path }: { path: string }) {
  const { t, i18n } = useTranslation();
  const { role, zone } = useMe();
  const queries = useQueryClient();
  const [isPartial, setPartial] = useState(false);
  const [sent, setSent] = useState<number>();
  const [error, setError] = useState<Error>();
  const [warnings, setWarnings] = useState<readonly string[]>([]);
  const { data } = useQuery({
    queryKey: ['uploads', path],
    queryFn: () => call<UploadList>('GET', `${path}/uploads`),
    refetchInterval: ({ state }) =>
      state.data?.uploads.some((each) => each.state === 'entering') ? 1000 : false,
  });
  const send = async (file: File) => {
    setError(undefined);
    setWarnings([]);
    setSent(0);
    try {
      const query = isPartial ? '?partial=true' : '';
      const accepted = await upload<UploadAccepted>(`${path}/uploads${query}`, file, i18n.language, setSent);
      setWarnings(accepted.warnings);
    } catch (failure) {
      setError(failure as Error);
    }
    setSent(undefined);
    for (const key of ['uploads', 'preauthorization']) await queries.invalidateQueries({ queryKey: [key] });
  };
  return (
    <>
      <PartTitle title={t('uploads')} />
      {role !== 'viewer' && (
        <Flex vertical gap={8}>
          <Upload.Dragger
            accept=".txt,.csv,text/plain"
            showUploadList={false}
            disabled={sent !== undefined}
            beforeUpload={(file) => {
              void send(file);
              return false;
            }}
          >
            <p>{t('dropKeys')}</p>
            <Typography.Text type="secondary">{t('dropKeysWhy')}</Typography.Text>
          </Upload.Dragger>
          <Checkbox checked={isPartial} onChange={({ target }) => setPartial(target.checked)}>
            {t('takeGood')}
          </Checkbox>
        </Flex>
      )}
      {sent !== undefined && (
        <Progress
          aria-label={t('uploadFile')}
          percent={Math.round(sent * 100)}
          format={(percent) => t('sending', { percent })}
        />
      )}
      {error !== undefined && <Failure error={error} />}
      {warnings.map((warning) => (
        <Typography.Text key={warning} type="warning">
          {warning}
        </Typography.Text>
      ))}
      <DataTable<Listed>
        name={t('uploads')}
        dataSource={data?.uploads ?? []}
        rowKey="uploadId"
        pagination={false}
        locale={{ emptyText: t('none') }}
        expandable={{
          rowExpandable: ({ problems, duplicateLines }) => problems.length + duplicateLines.length > 0,
          expandedRowRender: ({ problems, duplicateLines }) => (
            <>
              {problems.map(({ line, problem }) => (
                <div key={line}>{t('lineProblem', { line, problem })}</div>
              ))}
              {duplicateLines.length > 0 && (
                <div>{t('duplicateLines', { lines: duplicateLines.join(', ') })}</div>
              )}
            </>
          ),
        }}
        columns={[
          {
            title: t('time'),
            dataIndex: 'createdAt',
            render: (at: number) => timeOf(at, zone, i18n.language),
          },
          {
            title: t('state'),
            key: 'state',
            render: (_, { state, done, lines }) =>
              state === 'entering' ? (
                <Progress
                  aria-label={t('uploadStates.entering')}
                  percent={lines === 0 ? 0 : Math.floor((100 * done) / lines)}
                  size="small"
                  style={{ minWidth: 120 }}
                />
              ) : (
                t(`uploadStates.${state}`)
              ),
          },
          { title: t('count'), dataIndex: 'lines', align: 'end' },
          { title: t('uploadAdded'), dataIndex: 'added', align: 'end' },
          { title: t('duplicates'), dataIndex: 'duplicates', align: 'end' },
          { title: t('invalid'), dataIndex: 'invalid', align: 'end' },
        ]}
      />
    </>
  );
}
