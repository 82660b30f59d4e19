import { Table, type TableProps, Typography } from 'antd';
import { useEffect, useRef } from 'react';

/** A table that is wider than a telephone: who has no mouse scrolls it by the arrow keys (WCAG 2.2 §2.1.1). */
export function DataTable<Row extends object>({ name, locale, ...rest }: TableProps<Row> & { name: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const region = ref.current?.querySelector('.ant-table-content');
    region?.setAttribute('tabindex', '0');
    region?.setAttribute('role', 'region');
    region?.setAttribute('aria-label', name);
  });
  return (
    <div ref={ref}>
      <Table<Row>
        size="middle"
        scroll={{ x: 'max-content' }}
        // The table's own is too pale to be read (WCAG 2.2 §1.4.3).
        locale={{
          emptyText: <Typography.Text type="secondary">{locale?.emptyText as string}</Typography.Text>,
        }}
        {...rest}
      />
    </div>
  );
}
