package dev.quarry.wal;

import static dev.quarry.wal.TestLogs.HASHER;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.SimulatedCrashException;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.Trailer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Threads that put into slabs which follow each other, and one that makes segments of the full. */
final class ManyWriters {

  private static final int SLAB_BYTES = 64 << 10;
  private static final int LONGEST_VALUE = 3_000;

  /**
   * A record, while it is in its slab.
   *
   * @param end where it ends, with padding
   */
  record Place(Slab slab, int start, int end) {}

  /** What a writer does when its record was acknowledged. */
  @FunctionalInterface
  interface Acknowledged {
    void accept(Place place) throws IOException;
  }

  private record Active(Slab slab, GroupCommit.Ticket log) {}

  private final Disk disk;
  private final StoreLayout layout;
  private final GroupCommit commit;
  private final BooleanSupplier hasCrashed;
  private final Acknowledged listener;

  private final BlockingQueue<Active> sealed = new LinkedBlockingQueue<>();
  private final Queue<Place> acknowledged = new ConcurrentLinkedQueue<>();
  private final Queue<Place> refused = new ConcurrentLinkedQueue<>();
  private final Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
  private final List<Thread> writers = new ArrayList<>();

  private volatile Active active;

  @GuardedBy("this")
  private final List<Slab> slabs = new ArrayList<>();

  ManyWriters(Disk disk, StoreLayout layout, BooleanSupplier hasCrashed, Acknowledged listener) {
    this.disk = disk;
    this.layout = layout;
    this.commit = new GroupCommit(disk, layout);
    this.hasCrashed = hasCrashed;
    this.listener = listener;
    this.active = open(null);
  }

  private synchronized Active open(@Nullable Slab previous) {
    Slab slab = TestLogs.slab(SLAB_BYTES, previous);
    slabs.add(slab);
    return new Active(slab, commit.add(slab));
  }

  private synchronized void rotate(Active found) {
    if (active.equals(found)) {
      found.slab.seal();
      sealed.add(found);
      active = open(found.slab);
    }
  }

  /** Lets the writers run to their end; the last slab stays a log. */
  void run(int threads, int puts, long seed) throws InterruptedException, IOException {
    for (int i = 0; i < threads; i++) {
      Random random = new Random(seed + i);
      writers.add(new Thread(() -> guarded(() -> write(random, puts)), "writer " + i));
    }
    Thread flusher = new Thread(() -> guarded(this::flush), "flusher");
    writers.forEach(Thread::start);
    flusher.start();
    for (Thread writer : writers) {
      writer.join();
    }
    sealed.add(active);
    flusher.join();
    commit.abandon();
  }

  private void guarded(Waiter.Wait work) {
    try {
      work.run();
    } catch (Throwable e) {
      boolean powerFailed = hasCrashed.getAsBoolean();
      if (!powerFailed || !(e instanceof SimulatedCrashException || e instanceof IOException)) {
        errors.add(e);
      }
    }
  }

  private void write(Random random, int puts) throws IOException {
    for (int i = 0; i < puts && errors.isEmpty(); i++) {
      String key = "key" + i;
      String value = TestLogs.value(random.nextInt(LONGEST_VALUE), random.nextLong());
      Active found = active;
      long ticket = TestLogs.reserve(found.slab, key, value);
      while (ticket == Slab.FULL) {
        rotate(found);
        found = active;
        ticket = TestLogs.reserve(found.slab, key, value);
      }
      TestLogs.write(found.slab, ticket, RecordFormat.PUT, key, value);
      Place place = new Place(found.slab, Slab.position(ticket), TestLogs.end(ticket, key, value));
      try {
        commit.await(found.log, place.end);
        acknowledged.add(place);
        listener.accept(place);
      } catch (DiskFullException e) {
        refused.add(place);
      }
    }
  }

  private void flush() throws IOException {
    for (Active next = takeSealed(); next.slab.isSealed(); next = takeSealed()) {
      promote(next);
    }
  }

  private Active takeSealed() {
    boolean interrupted = false;
    try {
      for (; ; ) {
        try {
          return sealed.take();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void promote(Active full) throws IOException {
    try (@Nullable DiskFile file = finish(full)) {
      if (file == null) {
        return;
      }
      Trailer trailer = full.slab.finish(HASHER);
      for (boolean done = false; !done; ) {
        try {
          LogPromotion.complete(full.slab, file, commit.durable(full.log), trailer);
          done = true;
        } catch (DiskFullException e) {
          // there will be room
        }
      }
    }
    LogPromotion.rename(disk, layout, full.slab.id());
  }

  private @Nullable DiskFile finish(Active full) throws IOException {
    for (; ; ) {
      try {
        return commit.finish(full.log);
      } catch (DiskFullException e) {
        // there will be room
      }
    }
  }

  /** Interrupts one of the writers, if it runs. */
  void interrupt(int writer) {
    if (writer < writers.size()) {
      writers.get(writer).interrupt();
    }
  }

  /** All slabs there were, in order. */
  synchronized List<Slab> slabs() {
    return List.copyOf(slabs);
  }

  List<Place> acknowledged() {
    return List.copyOf(acknowledged);
  }

  List<Place> refused() {
    return List.copyOf(refused);
  }

  /** What went wrong other than by a crash. */
  List<Throwable> errors() {
    return List.copyOf(errors);
  }
}
