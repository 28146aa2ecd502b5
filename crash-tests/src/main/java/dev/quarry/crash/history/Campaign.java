package dev.quarry.crash.history;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

/** Tries one history after another, in several threads, until it is told to stop. */
public final class Campaign {

  /** Faults after which the others are left to find. */
  private static final int MOST_FAULTS = 5;

  private final Trial.Manner manner;
  private final AtomicLong nextSeed;
  private final AtomicLong histories = new AtomicLong();
  private final AtomicLong crashPoints = new AtomicLong();
  private final ConcurrentLinkedQueue<Fault> faults = new ConcurrentLinkedQueue<>();

  /** A history that broke a promise. */
  public record Fault(long seed, Throwable cause) {

    @Override
    public String toString() {
      return "seed " + seed + ": " + cause;
    }
  }

  /** One whose first history is of a seed, and the others of those that follow. */
  public Campaign(long firstSeed, Trial.Manner manner) {
    this.nextSeed = new AtomicLong(firstSeed);
    this.manner = manner;
  }

  /**
   * Runs.
   *
   * @param threads how many histories are tried at once
   * @param goesOn asked before each history, with the number of crash points so far
   */
  public void run(int threads, LongPredicate goesOn) {
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Thread worker = new Thread(() -> work(goesOn), "campaign " + i);
      worker.setDaemon(true);
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted", e);
      }
    }
  }

  private void work(LongPredicate goesOn) {
    while (faults.size() < MOST_FAULTS && goesOn.test(crashPoints.get())) {
      long seed = nextSeed.getAndIncrement();
      Trial trial = Trial.of(History.of(seed), manner);
      histories.incrementAndGet();
      crashPoints.addAndGet(trial.crashPoints());
      if (trial.fault() != null) {
        faults.add(new Fault(seed, trial.fault()));
      }
    }
  }

  /** How many histories were tried. */
  public long histories() {
    return histories.get();
  }

  /** At how many moments of theirs the power failed. */
  public long crashPoints() {
    return crashPoints.get();
  }

  /** What was found. */
  public List<Fault> faults() {
    return List.copyOf(faults);
  }
}
