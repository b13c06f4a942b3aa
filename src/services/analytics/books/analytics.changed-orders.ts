/** The most orders that are kept in mind; what is beyond is left to the round. */
const MOST = 10_000;

/** Orders that events named since they were taken last. */
interface ChangedOrders {
  /** `order/17`; anything else is left out. */
  note(about: string | undefined): void;
  take(most: number): number[];
  /** What was taken could not be compared. */
  putBack(order_ids: readonly number[]): void;
}

export function changedOrders(): ChangedOrders {
  const changed = new Set<number>();
  const add = (order_id: number): void => {
    if (changed.size < MOST) changed.add(order_id);
  };
  return {
    note(about) {
      const order_id = Number(/^order\/(\d{1,16})$/.exec(about ?? '')?.[1]);
      if (Number.isSafeInteger(order_id)) add(order_id);
    },
    take(most) {
      const taken = [...changed].slice(0, most);
      for (const order_id of taken) changed.delete(order_id);
      return taken;
    },
    putBack: (order_ids) => order_ids.forEach(add),
  };
}
