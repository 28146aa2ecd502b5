package dev.quarry.crash.damage;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Flips every bit of one block of a file, one at a time, and looks each time what comes of it. */
public final class EveryBit {

  /** Bytes whose bits are flipped. */
  public static final int BYTES = 4096;

  private final Sample sample;
  private final Path file;
  private final Meaning meaning;
  private final Oracle oracle;
  private final Map<Meaning.Of, Map<Outcome, Integer>> counts = new EnumMap<>(Meaning.Of.class);

  /** The first block of a file of a store will be flipped. */
  public EveryBit(Sample sample, Path file) {
    this.sample = sample;
    this.file = file;
    this.meaning = Meaning.of(file, sample.image().bytes(file));
    this.oracle = new Oracle(sample);
  }

  /** Of how many flips in bytes of each meaning which outcome came; complete after {@link #run}. */
  public Map<Meaning.Of, Map<Outcome, Integer>> counts() {
    return counts;
  }

  /**
   * Flips them all, on two threads.
   *
   * @throws BrokenPromiseException at the first flip that is not dealt with as it must be
   */
  public void run() {
    AtomicInteger next = new AtomicInteger();
    List<Thread> threads =
        IntStream.range(0, 2).mapToObj(i -> new Thread(() -> work(next), "flips-" + i)).toList();
    Map<Thread, Throwable> failures = new ConcurrentHashMap<>();
    threads.forEach(t -> t.setUncaughtExceptionHandler(failures::put));
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    for (Throwable failure : failures.values()) {
      throw new BrokenPromiseException(String.valueOf(failure.getMessage()), failure);
    }
  }

  private void work(AtomicInteger next) {
    byte[] bytes = sample.image().bytes(file).clone();
    StoreImage image = sample.image().with(file, bytes);
    for (int at = next.getAndIncrement(); at < BYTES; at = next.getAndIncrement()) {
      for (int bit = 0; bit < 8; bit++) {
        bytes[at] ^= (byte) (1 << bit);
        try {
          Outcome outcome = flipped(image, at);
          synchronized (counts) {
            counts
                .computeIfAbsent(meaning.at(at), of -> new EnumMap<>(Outcome.class))
                .merge(outcome, 1, Integer::sum);
          }
        } catch (BrokenPromiseException e) {
          throw new BrokenPromiseException(
              sample.name()
                  + ": bit "
                  + bit
                  + " of byte "
                  + at
                  + " of "
                  + file
                  + ": "
                  + e.getMessage(),
              e);
        }
        bytes[at] ^= (byte) (1 << bit);
      }
    }
  }

  private Outcome flipped(StoreImage image, int at) {
    Meaning.Of of = meaning.at(at);
    boolean mustReport = of == Meaning.Of.SOMETHING;
    if (Oracle.verifyReports(image.disk()) != mustReport) {
      throw new BrokenPromiseException("verify reports " + (mustReport ? "nothing" : "something"));
    }
    ImageDisk disk = image.disk();
    int length = sample.history().length();
    Outcome outcome = oracle.read(disk, disk, of == Meaning.Of.LAST_COMMIT ? length - 1 : length);
    if (of == Meaning.Of.NOTHING && outcome != Outcome.RIGHT) {
      throw new BrokenPromiseException("what means nothing has an effect: " + outcome);
    }
    return outcome;
  }
}
