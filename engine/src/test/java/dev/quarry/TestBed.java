package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.KeyHash;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * What a store stands on in the tests of other modules; each part can be put in place of another.
 */
public final class TestBed {

  /** Told of each key that a cache evicts, by its hash. */
  @FunctionalInterface
  public interface Evictions {

    /** From any thread, just after the key has gone. */
    void evicted(long low, long high);
  }

  private final Environment environment;

  private TestBed(Environment environment) {
    this.environment = environment;
  }

  /** A disk, with all that a store does done in its callers' threads, so that I/O has one order. */
  public static TestBed inline(Disk disk) {
    return new TestBed(TestStores.inline(disk));
  }

  /** A disk, with a background thread. */
  public static TestBed threaded(Disk disk) {
    return new TestBed(TestStores.threaded(disk));
  }

  /** The same with another hash of keys, made from a seed. */
  public TestBed hashing(LongFunction<KeyHash> hasher) {
    return new TestBed(
        new Environment(
            environment.disk(),
            hasher,
            environment.background(),
            environment.evictions(),
            environment.alarms()));
  }

  /** The same with somebody who is told what is evicted. */
  public TestBed observing(Evictions evictions) {
    return new TestBed(
        new Environment(
            environment.disk(),
            environment.hasher(),
            environment.background(),
            evictions::evicted,
            environment.alarms()));
  }

  /** The same with other threads. */
  public TestBed running(Supplier<ExecutorService> background) {
    return new TestBed(
        new Environment(
            environment.disk(),
            environment.hasher(),
            background,
            environment.evictions(),
            environment.alarms()));
  }

  /** The same with an alarm that a test sets off; of one store at a time. */
  public TestBed alarmedBy(ManualAlarm alarm) {
    return new TestBed(
        new Environment(
            environment.disk(),
            environment.hasher(),
            environment.background(),
            environment.evictions(),
            executor -> alarm));
  }

  /** Opens a store on it. */
  public BlobStore open(Path root, BlobStoreOptions options) {
    return BlobStore.open(root, options, environment);
  }
}
