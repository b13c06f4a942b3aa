/** How a driver carries broadcasts. It knows nothing of channels and listeners: a frame is text. */
export interface BroadcastTransport {
  /** Sends a frame to all who listen now. Rejects, within seconds, when it is not known to be sent. */
  send(frame: string): Promise<void>;
  /**
   * Listens from the end on: calls `begun` once it does, and then `frame` for each. Ends, by resolving or rejecting,
   * when frames may be missed from then on, and after `closing`.
   */
  listen(sink: FrameSink, closing: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}

/** What takes the frames. */
export interface FrameSink {
  begun(): void;
  frame(text: string): void;
}
