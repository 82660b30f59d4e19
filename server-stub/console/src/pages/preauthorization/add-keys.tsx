import { App, Button, Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type KeysChanged } from '../../data/api.ts';
import { useAct } from '../../data/use-act.ts';

/** Single LicenseKeys, typed or pasted. */
export function AddKeys({ path }: { path: string }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [isOpen, setOpen] = useState(false);
  const add = useAct(
    (licenseKeys: string[]) => call<KeysChanged>('POST', `${path}/keys`, { licenseKeys }),
    ['preauthorization'],
    ({ changed }) => {
      setOpen(false);
      void message.success(t('added', { count: changed }));
    },
  );
  return (
    <>
      <Button type="primary" onClick={() => setOpen(true)}>
        {t('addKeys')}
      </Button>
      <Modal
        open={isOpen}
        title={t('addKeys')}
        okText={t('ok')}
        cancelText={t('cancel')}
        confirmLoading={add.isPending}
        okButtonProps={{ htmlType: 'submit', form: 'add-keys' }}
        onCancel={() => setOpen(false)}
        destroyOnHidden
      >
        <Form
          id="add-keys"
          layout="vertical"
          requiredMark={false}
          onFinish={({ keys }: { keys: string }) => add.mutate(linesOf(keys))}
        >
          <Form.Item
            name="keys"
            label="LicenseKey"
            extra={t('oneALine')}
            rules={[{ required: true, message: t('required') }]}
          >
            <Input.TextArea rows={8} autoFocus spellCheck={false} />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ''))];
}
