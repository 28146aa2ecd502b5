package dev.quarry.segment;

/**
 * The power is off: thrown by the call of a {@link SimulatedDisk} that crashes and by every later
 * one, in every thread. An error, so that no handler of disk faults mistakes it for one.
 */
public final class SimulatedCrashException extends Error {

  private static final long serialVersionUID = 1L;

  SimulatedCrashException(long ioCall) {
    super("simulated crash at I/O call " + ioCall);
  }
}
