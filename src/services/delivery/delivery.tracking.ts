import type { Actions } from '../../platform/app/actions.ts';
import { isStaff } from '../../platform/contract/actor.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { type AppError, common } from '../../platform/contract/errors.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Carrier } from './carriers/carrier.ts';
import { deliveryErrors, type deliveryOps } from './delivery.contract.ts';
import { bookedAt, type CarrierUpdate, carrierUpdate, type ShipmentState } from './delivery.model.ts';
import type { ShipmentRepository } from './delivery.repository.ts';
import { isSigned } from './delivery.signature.ts';

interface TrackingParts {
  readonly shipments: Pick<ShipmentRepository, 'findByTracking' | 'underWay' | 'addStep' | 'save'>;
  /** The carrier that is polled; undefined when the simulation is off. */
  readonly simulator: Carrier | undefined;
  /** What carriers sign their updates with; undefined: only staff may report. */
  readonly secret: string | undefined;
}

const BATCH = 100;

/** Follows what carriers report of their parcels. */
export function trackingActions({ shipments, simulator, secret }: TrackingParts) {
  return {
    async carrierUpdate(ctx, { signature, ...report }) {
      if (!isStaff(ctx.actor) && !isSigned(report, signature, secret)) throw refusal(ctx);
      const { carrier, tracking_number, ...update } = report;
      return { applied: await applyUpdate(ctx, { carrier, tracking_number }, update) };
    },
    async playSimulator(ctx) {
      let applied = 0;
      if (!simulator) return { applied };
      for (let after = 0; ; ) {
        const batch = await shipments.underWay(simulator.name, after, BATCH);
        for (const count of await Promise.all(batch.map((one) => poll(ctx, simulator, one)))) applied += count;
        if (batch.length < BATCH) return { applied };
        after = batch.at(-1)?.shipment_id ?? 0;
      }
    },
  } satisfies Pick<Actions<typeof deliveryOps>, 'carrierUpdate' | 'playSimulator'>;

  /** Whether the update changed the status. After a concurrent update of the same parcel it is decided again. */
  function applyUpdate(
    ctx: Ctx,
    { carrier, tracking_number }: { readonly carrier: string; readonly tracking_number: string },
    update: CarrierUpdate,
  ): Promise<boolean> {
    return retryOnConflict(async () => {
      const shipment = await shipments.findByTracking(carrier, tracking_number);
      if (!shipment) throw deliveryErrors.NOT_FOUND();
      const { change, historyOnly } = carrierUpdate(shipment, update, ctx);
      if (historyOnly) await shipments.addStep(shipment.shipment_id, historyOnly);
      await shipments.save(ctx, change);
      return change.events.length > 0;
    });
  }

  /** Applies the updates of a parcel that are not in its history; returns how many changed its status. */
  async function poll(ctx: Ctx, carrier: Carrier, shipment: ShipmentState): Promise<number> {
    const { tracking_number, history } = shipment;
    if (tracking_number === null) return 0;
    const updates = carrier.updatesOf?.({ tracking_number, since: bookedAt(shipment) }, ctx.now) ?? [];
    const known = new Set(history.map(({ update_id }) => update_id));
    const applied = [];
    // One after the other, in the order of the carrier, repeated ones too.
    for (const update of updates.filter(({ update_id }) => !known.has(update_id))) {
      applied.push(await applyUpdate(ctx, { carrier: carrier.name, tracking_number }, update));
    }
    return applied.filter(Boolean).length;
  }
}

function refusal({ actor }: Ctx): AppError {
  return actor.kind === 'anonymous' ? deliveryErrors.BAD_SIGNATURE() : common.FORBIDDEN();
}
