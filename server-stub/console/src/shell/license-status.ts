/** How a license's state looks; it is always said in words as well. */
export const STATUS = {
  active: 'success',
  expired: 'error',
  suspended: 'warning',
  released: 'default',
  transferred: 'default',
} as const;
