package dev.quarry.wal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.DiskShortageException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Lack;
import dev.quarry.segment.Patience;
import dev.quarry.segment.Slab;
import dev.quarry.segment.SteadfastLock;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Puts records on stable storage, many writers' with one sync.
 *
 * <p>A writer completes its record in the slab and then calls {@link #await}. The first to come
 * becomes the <em>leader</em>: it writes the whole completed prefix of the log, syncs once, and
 * wakes everyone; who came too late for that finds the leadership free and leads the next round.
 * Nobody waits for more than one round in progress and one of its own.
 *
 * <p>What holds:
 *
 * <ul>
 *   <li>Logs become durable in their order, and each from its start: a log is written to only when
 *       all before it are durable to their ends. What survives a crash is therefore a prefix of the
 *       sequence of records, and a record in a later log proves that the earlier ones were whole.
 *   <li>Every commit but the first of a log carries a mark of how far the log was durable before
 *       it.
 *   <li>A batch that meets a {@linkplain Lack lack}, of space, of a descriptor or of memory, is
 *       <em>refused</em>: its records are turned into void ones in the slab, so that no later
 *       commit brings them back, what the attempt wrote is taken back, and then their writers are
 *       told.
 *   <li>Any other failure is final. Nothing is acknowledged after it.
 * </ul>
 *
 * <p>A waiter cannot be told that it was refused before that is so on the disk. A waiter that runs
 * out of memory therefore goes on waiting, and a leader that does gives the leadership up, for
 * {@link Patience as long as there is hope}; the next round begins where that one ended. To keep
 * this rare, a round allocates little.
 *
 * <p>A permanent log-writer thread was rejected: it costs two thread switches a commit, which a
 * single writer pays in full. Safe for use by any number of threads.
 */
public final class GroupCommit {

  /** The log of a slab, as its writers know it. */
  public static final class Ticket {

    private final Log log;

    /** Up to where every record's fate is known: durable or refused. Guarded by the lock. */
    private int settled = FileHeader.LENGTH;

    /** Guarded by the lock. */
    private final List<Refusal> refusals = new ArrayList<>();

    private Ticket(Log log) {
      this.log = log;
    }
  }

  private record Refusal(int from, int to, IOException reason) {}

  private final Disk disk;
  private final StoreLayout layout;
  private final ReentrantLock lock = new SteadfastLock();
  private final Condition progress = lock.newCondition();

  @GuardedBy("lock")
  private final List<Ticket> unfinished = new ArrayList<>();

  /** Has room for all that are unfinished; the leader's. */
  @GuardedBy("lock")
  private Ticket[] round = {};

  @GuardedBy("lock")
  private boolean leading;

  @GuardedBy("lock")
  private @Nullable Throwable failure;

  @GuardedBy("lock")
  private long syncs;

  public GroupCommit(Disk disk, StoreLayout layout) {
    this.disk = disk;
    this.layout = layout;
  }

  /** Adds the log of a slab that comes after all earlier ones, which are sealed. */
  public Ticket add(Slab slab) {
    Ticket ticket = new Ticket(new Log(slab, disk, layout));
    lock.lock();
    try {
      if (round.length == unfinished.size()) {
        round = new Ticket[unfinished.size() + 4]; // the leader of a round has the former one
      }
      unfinished.add(ticket);
    } finally {
      lock.unlock();
    }
    return ticket;
  }

  /** Forgets the log of a slab that nobody was given a place in. */
  public void forget(Ticket ticket) {
    lock.lock();
    try {
      unfinished.remove(ticket);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until a completed record is on stable storage. An interrupt does not cut the wait short.
   *
   * @param end where the record ends in its slab
   * @throws DiskFullException if the record was refused for a lack of space; it is void now
   * @throws DiskShortageException if it was refused for another lack; it is void now
   * @throws IOException if the log failed; whether the record survives is unknown
   */
  public void await(Ticket ticket, int end) throws IOException {
    for (int attempt = 0; ; attempt++) {
      try {
        awaitSettled(ticket, end);
        break;
      } catch (OutOfMemoryError e) {
        if (!Patience.pause(attempt)) {
          throw fail(e);
        }
      }
    }
    IOException refusal = refusal(ticket, end);
    if (refusal != null) {
      throw refusal;
    }
  }

  private void awaitSettled(Ticket ticket, int end) throws IOException {
    lock.lock();
    try {
      while (leading && ticket.settled < end) {
        progress.awaitUninterruptibly();
      }
      if (ticket.settled < end) {
        lead(ticket, end);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Why a settled record was refused; null if it was not. */
  private @Nullable IOException refusal(Ticket ticket, int end) {
    lock.lock();
    try {
      for (int i = 0; i < ticket.refusals.size(); i++) { // without an iterator, which takes memory
        Refusal refusal = ticket.refusals.get(i);
        if (refusal.from < end && end <= refusal.to) {
          return copy(refusal.reason);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Each writer gets an exception of its own, unless there is no memory for it. */
  private static IOException copy(IOException lack) {
    try {
      return lack instanceof DiskFullException
          ? new DiskFullException(lack.getMessage(), lack)
          : new DiskShortageException(lack.getMessage(), lack);
    } catch (OutOfMemoryError e) {
      return lack;
    }
  }

  /** Gives up on a record of which nobody could find out what became of it. */
  private IOException fail(OutOfMemoryError cause) {
    IOException unknown = new IOException("memory ran out in a commit", cause);
    lock.lock();
    try {
      if (failure == null) {
        failure = unknown;
      }
    } finally {
      lock.unlock();
    }
    return unknown;
  }

  /**
   * Puts all of a sealed slab's log on stable storage and ends it here.
   *
   * @return the log's file, which the caller closes; null when the log is empty
   * @throws DiskFullException if there is no room; it may be tried again
   * @throws DiskShortageException if something else lacks; it may be tried again
   * @throws IOException if the log failed
   */
  public @Nullable DiskFile finish(Ticket ticket) throws IOException {
    int end = ticket.log.slab().end();
    lock.lock();
    try {
      while (leading) {
        progress.awaitUninterruptibly();
      }
      if (!ticket.log.isFinished()) {
        lead(ticket, end);
      }
      if (!ticket.log.isFinished()) {
        throw copy(ticket.refusals.get(ticket.refusals.size() - 1).reason);
      }
      unfinished.remove(ticket);
      return ticket.log.release();
    } finally {
      lock.unlock();
    }
  }

  /** Up to where a finished log is on stable storage: the first byte that promotion must write. */
  public int durable(Ticket ticket) {
    return ticket.log.durable();
  }

  /** Bytes of the files of the logs that are not finished. */
  public long fileBytes() {
    lock.lock();
    try {
      return unfinished.stream().mapToLong(ticket -> ticket.log.fileBytes()).sum();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a log that is not finished holds anything on stable storage. */
  public boolean isAnythingDurable() {
    lock.lock();
    try {
      return unfinished.stream().anyMatch(ticket -> ticket.log.durable() > FileHeader.LENGTH);
    } finally {
      lock.unlock();
    }
  }

  /** How often a log was synced. */
  public long syncs() {
    lock.lock();
    try {
      return syncs;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Closes the files of the logs that are not finished, after a failure; nothing more is
   * acknowledged.
   */
  public void abandon() throws IOException {
    lock.lock();
    try {
      while (leading) {
        progress.awaitUninterruptibly();
      }
      if (failure == null) {
        failure = new IOException("it was abandoned");
      }
      closeUnfinished();
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void closeUnfinished() throws IOException {
    IOException failed = null;
    for (Ticket ticket : unfinished) {
      DiskFile file = ticket.log.release();
      try {
        if (file != null) {
          file.close();
        }
      } catch (IOException e) {
        failed = e;
      }
    }
    unfinished.clear();
    if (failed != null) {
      throw failed;
    }
  }

  /** Leads one round, without the lock but for the bookkeeping before and after. */
  @GuardedBy("lock")
  private void lead(Ticket target, int end) throws IOException {
    if (failure != null) {
      throw new IOException("the log has failed: " + failure.getMessage(), failure);
    }
    Slab.prepareThread();
    Ticket[] logs = round;
    int count = 0;
    do {
      logs[count] = unfinished.get(count);
      count++;
    } while (logs[count - 1] != target);
    leading = true;
    lock.unlock();
    Throwable failed = null;
    try {
      commit(logs, count, end);
    } catch (OutOfMemoryError e) {
      throw e; // the next round goes on where this one was
    } catch (Throwable e) {
      failed = e;
      throw e;
    } finally {
      lock.lock();
      Arrays.fill(logs, 0, count, null);
      failure = failed == null ? failure : failed;
      leading = false;
      progress.signalAll();
    }
  }

  private void commit(Ticket[] logs, int count, int end) throws IOException {
    IOException lack = null;
    for (int i = 0; i < count; i++) {
      Log log = logs[i].log;
      int least = i == count - 1 ? Math.max(end, log.mark()) : log.slab().end();
      int completed = log.awaitCompleted(least);
      if (lack == null) {
        lack = tryWrite(log, completed);
      }
      if (lack == null) {
        settle(logs[i], completed);
      } else {
        refuse(logs[i], completed, lack);
      }
    }
  }

  private @Nullable IOException tryWrite(Log log, int end) throws IOException {
    try {
      log.retract(); // what an earlier round ran out of memory over
      boolean synced = log.writeAndForce(end);
      lock.lock();
      try {
        syncs += synced ? 1 : 0;
      } finally {
        lock.unlock();
      }
      return null;
    } catch (DiskFullException | DiskShortageException | OutOfMemoryError e) {
      return Lack.of(e);
    }
  }

  private void note(Ticket ticket, Refusal refusal) {
    lock.lock();
    try {
      ticket.refusals.add(refusal);
    } finally {
      lock.unlock();
    }
  }

  private void settle(Ticket ticket, int end) {
    lock.lock();
    try {
      ticket.settled = end;
    } finally {
      lock.unlock();
    }
  }

  /** A record that is told to be refused must not be on disk either, whatever the attempt wrote. */
  private void refuse(Ticket ticket, int end, IOException reason) throws IOException {
    int from = ticket.settled; // which only leaders change
    if (from < end) {
      note(ticket, new Refusal(from, end, reason)); // first, as there may be no memory for it
      ticket.log.slab().voidRecords(from, end);
    }
    ticket.log.retract();
    settle(ticket, end);
  }
}
