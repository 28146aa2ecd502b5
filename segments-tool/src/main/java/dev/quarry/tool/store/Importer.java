package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.Reason;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

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
  private final AtomicReference<@Nullable CommandFailedException> stop = new AtomicReference<>();

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
   * @throws CommandFailedException if the store takes no more, after the puts that are under way:
   *     it names the first file that was refused, and tells how many are in the store
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
      throw new IllegalStateException(e.getCause());
    } finally {
      pool.shutdown();
    }
    CommandFailedException first = stop.get();
    if (first != null) {
      throw new CommandFailedException(first.getMessage() + inStore(files.size()), first);
    }
    return new Totals(stored.sum(), bytes.sum(), failed.sum(), System.nanoTime() - start);
  }

  private String inStore(int files) {
    return String.format(
        "; %s of %s files, %s, are in the store",
        Units.count(stored.sum()), Units.count(files), Units.bytes(bytes.sum()));
  }

  private void work(List<SourceFile> files) {
    for (int i = next.getAndIncrement(); i < files.size(); i = next.getAndIncrement()) {
      try {
        put(files.get(i));
      } catch (IOException | RuntimeException | Error e) {
        if (!(e instanceof Exception failure) || !isOfOneFile(failure)) {
          next.set(files.size()); // nobody begins another
          stop.compareAndSet(
              null,
              new CommandFailedException(
                  "import stopped at " + files.get(i).path() + ": " + Reason.withAdvice(e), e));
          return;
        }
        failed.increment();
        listener.failed(files.get(i), failure);
      }
    }
  }

  private void put(SourceFile file) throws IOException {
    long size = Files.size(file.path());
    listener.starting(file);
    file.putInto(store);
    stored.increment();
    bytes.add(size);
    listener.stored(file, size);
  }

  /** Whether a failure says nothing about the files that come next. */
  private static boolean isOfOneFile(Exception failure) {
    return failure instanceof IOException
        || failure instanceof CommandFailedException
        || failure instanceof IllegalArgumentException;
  }
}
