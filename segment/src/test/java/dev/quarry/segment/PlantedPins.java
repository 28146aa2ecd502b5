package dev.quarry.segment;

import java.util.concurrent.atomic.AtomicInteger;

/** Pins with a bug, each of which a careless change to {@link SegmentBytes} could bring about. */
final class PlantedPins implements PinsLincheckTest.Pins {

  enum Bug {
    /** Whether the bytes are retired is looked up before the pin is taken, not with it. */
    PIN_IN_TWO_STEPS,

    /** Whether another reader is there is looked up before the pin is taken, not with it. */
    PIN_BESIDE_IN_TWO_STEPS,

    /** Whether a reader is there is looked up before the bytes are retired, not with it. */
    RETIRE_IN_TWO_STEPS,

    /** Whether the last reader has gone is looked up after the pin is given back, not with it. */
    UNPIN_IN_TWO_STEPS
  }

  private static final int RETIRED = Integer.MIN_VALUE;

  private final Bug bug;
  private final Runnable release;
  private final AtomicInteger pins = new AtomicInteger();

  PlantedPins(Bug bug, Runnable release) {
    this.bug = bug;
    this.release = release;
  }

  @Override
  public boolean tryPin() {
    return bug == Bug.PIN_IN_TWO_STEPS ? pinBlindly(pins.get() >= 0) : pinIf(false);
  }

  @Override
  public boolean tryPinBeside() {
    return bug == Bug.PIN_BESIDE_IN_TWO_STEPS ? pinBlindly(isPinned()) : pinIf(true);
  }

  private boolean pinBlindly(boolean allowed) {
    if (allowed) {
      pins.getAndIncrement();
    }
    return allowed;
  }

  private boolean pinIf(boolean beside) {
    for (; ; ) {
      int seen = pins.get();
      if (beside ? (seen & ~RETIRED) == 0 : seen < 0) {
        return false;
      }
      if (pins.compareAndSet(seen, seen + 1)) {
        return true;
      }
    }
  }

  @Override
  public void unpin() {
    int left = pins.decrementAndGet();
    if (bug == Bug.UNPIN_IN_TWO_STEPS ? pins.get() == RETIRED : left == RETIRED) {
      release.run();
    }
  }

  @Override
  public void retire() {
    boolean pinned = isPinned();
    int before = pins.get();
    while (!pins.compareAndSet(before, before | RETIRED)) {
      before = pins.get();
    }
    if (bug == Bug.RETIRE_IN_TWO_STEPS ? before >= 0 && !pinned : before == 0) {
      release.run();
    }
  }

  @Override
  public boolean isPinned() {
    return (pins.get() & ~RETIRED) != 0;
  }
}
