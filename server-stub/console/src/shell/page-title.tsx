import { Flex, Typography } from 'antd';
import type { ReactNode } from 'react';

/** What a page is called, and beside it what one does there. */
export function PageTitle({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Flex justify="space-between" align="center" gap={8} wrap>
      <Typography.Title level={1} style={{ fontSize: 24, margin: 0, overflowWrap: 'anywhere' }}>
        {title}
      </Typography.Title>
      {children}
    </Flex>
  );
}

/** What a part of a page is called. */
export function PartTitle({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Flex justify="space-between" align="center" gap={8} wrap>
      <Typography.Title level={2} style={{ fontSize: 18, margin: 0 }}>
        {title}
      </Typography.Title>
      {children}
    </Flex>
  );
}
