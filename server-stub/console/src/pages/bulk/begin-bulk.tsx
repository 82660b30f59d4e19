import { Alert, Button, Flex, Form, Input, Modal, Radio, Select, Typography, Upload } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { type BulkView, call } from '../../data/api.ts';
import { useUsage } from '../../data/usage.ts';
import { useAct } from '../../data/use-act.ts';

type Verb = BulkView['verb'];
const BY_FILTER: readonly Verb[] = ['suspend', 'resume', 'renew', 'label', 'rebind', 'release'];
const BY_LIST: readonly Verb[] = [...BY_FILTER, 'transfer'];

interface Wish {
  readonly verb: Verb;
  readonly renewId?: string;
  readonly label?: string;
  readonly group?: string;
}

/**
 * Begins a change of many licenses: by the filter that is looked through, or by a list. Nothing is changed before its
 * numbers were seen.
 */
export function BeginBulk({ filter }: { filter?: Readonly<Record<string, string | number | undefined>> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const renewals = useUsage().data?.renewals ?? [];
  const [isOpen, setOpen] = useState(false);
  const [source, setSource] = useState<'filter' | 'list'>(filter === undefined ? 'list' : 'filter');
  const [list, setList] = useState<File>();
  const [verb, setVerb] = useState<Verb>('suspend');
  const begin = useAct(
    async ({ verb: wanted, renewId, label, group }: Wish) =>
      call<BulkView>('POST', '/bulk-changes', {
        ...{ verb: wanted, renewId, label, group },
        ...(source === 'filter' ? { filter } : { list: { name: list?.name, text: await list?.text() } }),
      }),
    ['bulk-changes'],
    ({ bulkId }) => void navigate(`/bulk-changes/${bulkId}`),
  );
  const needsList = source === 'list' && list === undefined;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('change')}</Button>
      <Modal
        open={isOpen}
        title={t('change')}
        okText={t('look')}
        cancelText={t('cancel')}
        confirmLoading={begin.isPending}
        okButtonProps={{ htmlType: 'submit', form: 'begin-bulk', disabled: needsList }}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        <Form
          id="begin-bulk"
          layout="vertical"
          requiredMark={false}
          initialValues={{ verb }}
          onFinish={(wish: Wish) => begin.mutate(wish)}
        >
          {filter !== undefined && (
            <Form.Item>
              <Radio.Group
                value={source}
                onChange={({ target }) => setSource(target.value)}
                options={[
                  { value: 'filter', label: t('byFilter') },
                  { value: 'list', label: t('byList') },
                ]}
              />
            </Form.Item>
          )}
          {source === 'list' && (
            <Form.Item label={t('byList')} extra={t('listWhy')}>
              <Flex gap={8} align="center">
                <Upload
                  accept=".csv,text/csv"
                  showUploadList={false}
                  beforeUpload={(file) => {
                    setList(file);
                    return false;
                  }}
                >
                  <Button>{t('chooseList')}</Button>
                </Upload>
                <Typography.Text>{list?.name}</Typography.Text>
              </Flex>
            </Form.Item>
          )}
          <Form.Item name="verb" label={t('verb')}>
            <Select
              onChange={setVerb}
              options={(source === 'filter' ? BY_FILTER : BY_LIST).map((each) => ({
                value: each,
                label: t(`verbs.${each}`),
              }))}
            />
          </Form.Item>
          {verb === 'renew' && (
            <Form.Item name="renewId" label={t('renewId')}>
              <Select
                allowClear
                options={renewals.map(({ renewId, granted, used }) => ({
                  value: renewId,
                  label: `${renewId.slice(0, 8)}… · ${t('free')} ${granted - used}`,
                }))}
              />
            </Form.Item>
          )}
          {verb === 'label' && (
            <>
              <Form.Item name="label" label={t('label')}>
                <Input maxLength={100} />
              </Form.Item>
              <Form.Item name="group" label={t('group')}>
                <Input maxLength={100} />
              </Form.Item>
            </>
          )}
          {source === 'filter' && filter !== undefined && Object.values(filter).every((each) => !each) && (
            <Alert type="warning" showIcon title={t('byFilter')} />
          )}
        </Form>
      </Modal>
    </>
  );
}
