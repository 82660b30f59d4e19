import { Table, type TableProps } from 'antd';
import { useEffect, useRef } from 'react';

/** A table that is wider than a telephone: who has no mouse scrolls it by the arrow keys (WCAG 2.2 §2.1.1). */
export function DataTable<Row extends object>({ name, ...rest }: TableProps<Row> & { name: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const region = ref.current?.querySelector('.ant-table-content');
    region?.setAttribute('tabindex', '0');
    region?.setAttribute('role', 'region');
    region?.setAttribute('aria-label', name);
  });
  return (
    <div ref={ref}>
      <Table<Row> size="middle" scroll={{ x: 'max-content' }} {...rest} />
    </div>
  );
}
