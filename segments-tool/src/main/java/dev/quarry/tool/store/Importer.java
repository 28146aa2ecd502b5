package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.ValueTooLargeException;
import dev.quarry.tool.terminal.CommandFailedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Puts files into a store, several at once so that they share the syncs of a group commit. Each is
 * for one run.
 */
public final class Importer {

  /** Puts in flight where nothing else is asked for: enough to share syncs, few enough to read. */
  public static final int DEFAULT_THREADS = 8;

  private final BlobStore store;
  private final int threads;
  private final ImportListener listener;
  private final AtomicInteger next = new AtomicInteger();
  private final LongAdder stored = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder failed = new LongAdder();

  public Importer(BlobStore store, int threads, ImportListener listener) {
    this.store = store;
    this.threads = threads;
    this.listener = listener;
  }

  /**
   * What an import did.
   *
   * @param files that were stored
   * @param bytes of their values
   * @param failed files that were not
   * @param nanos how long it took
   */
  public record Totals(long files, long bytes, long failed, long nanos) {}

  /**
   * Puts files, in about their order.
   *
   * @throws dev.quarry.BlobStoreException if the store fails, after the puts that are under way
   */
  public Totals run(List<SourceFile> files) throws InterruptedException {
    long start = System.nanoTime();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      Callable<Void> worker =
          () -> {
            work(files);
            return null;
          };
      for (Future<Void> done : pool.invokeAll(Collections.nCopies(threads, worker))) {
        done.get();
      }
    } catch (ExecutionException e) {
      throw unwrapped(e);
    } finally {
      pool.shutdown();
    }
    return new Totals(stored.sum(), bytes.sum(), failed.sum(), System.nanoTime() - start);
  }

  private static RuntimeException unwrapped(ExecutionException e) {
    if (e.getCause() instanceof Error error) {
      throw error;
    }
    return (RuntimeException) e.getCause();
  }

  private void work(List<SourceFile> files) {
    ValueReader reader = new ValueReader();
    for (int i = next.getAndIncrement(); i < files.size(); i = next.getAndIncrement()) {
      try {
        put(files.get(i), reader);
      } catch (IOException | RuntimeException e) {
        if (!isOfOneFile(e)) {
          next.set(files.size()); // nobody begins another
          throw (RuntimeException) e;
        }
        failed.increment();
        listener.failed(files.get(i), e);
      }
    }
  }

  private void put(SourceFile file, ValueReader reader) throws IOException {
    ByteBuffer value = reader.read(file.path());
    int size = value.remaining();
    listener.starting(file);
    store.put(file.key().bytes(), value);
    stored.increment();
    bytes.add(size);
    listener.stored(file, size);
  }

  /** Whether a failure says nothing about the files that come next. */
  private static boolean isOfOneFile(Exception failure) {
    return failure instanceof IOException
        || failure instanceof CommandFailedException
        || failure instanceof IllegalArgumentException
        || failure instanceof ValueTooLargeException;
  }
}
