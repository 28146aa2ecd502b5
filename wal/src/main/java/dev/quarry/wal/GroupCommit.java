package dev.quarry.wal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
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
 *   <li>A batch that finds the disk full is <em>refused</em>: its records are turned into void ones
 *       in the slab, so that no later commit brings them back, and their writers are told.
 *   <li>Any other failure is final. Nothing is acknowledged after it.
 * </ul>
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

  private record Refusal(int from, int to, DiskFullException reason) {}

  private final Disk disk;
  private final StoreLayout layout;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition progress = lock.newCondition();

  @GuardedBy("lock")
  private final Deque<Ticket> unfinished = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean leading;

  @GuardedBy("lock")
  private @Nullable Throwable failure;

  private final LongAdder syncs = new LongAdder();

  public GroupCommit(Disk disk, StoreLayout layout) {
    this.disk = disk;
    this.layout = layout;
  }

  /** Adds the log of a slab that comes after all earlier ones, which are sealed. */
  public Ticket add(Slab slab) {
    Ticket ticket = new Ticket(new Log(slab, disk, layout));
    lock.lock();
    try {
      unfinished.add(ticket);
    } finally {
      lock.unlock();
    }
    return ticket;
  }

  /**
   * Waits until a completed record is on stable storage. An interrupt does not cut the wait short.
   *
   * @param end where the record ends in its slab
   * @throws DiskFullException if the record was refused; it is void now
   * @throws IOException if the log failed; whether the record survives is unknown
   */
  public void await(Ticket ticket, int end) throws IOException {
    lock.lock();
    try {
      while (leading && ticket.settled < end) {
        progress.awaitUninterruptibly();
      }
      if (ticket.settled < end) {
        lead(ticket, end);
      }
      for (Refusal refusal : ticket.refusals) {
        if (refusal.from < end && end <= refusal.to) {
          throw new DiskFullException(refusal.reason.getMessage(), refusal.reason);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Puts all of a sealed slab's log on stable storage and ends it here.
   *
   * @return the log's file, which the caller closes; null when the log is empty
   * @throws DiskFullException if there is no room; it may be tried again
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
        throw ticket.refusals.get(ticket.refusals.size() - 1).reason;
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
    return syncs.sum();
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
      for (Ticket ticket : unfinished) {
        DiskFile file = ticket.log.release();
        if (file != null) {
          file.close();
        }
      }
      unfinished.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Leads one round, without the lock but for the bookkeeping before and after. */
  @GuardedBy("lock")
  private void lead(Ticket target, int end) throws IOException {
    if (failure != null) {
      throw new IOException("the log has failed: " + failure.getMessage(), failure);
    }
    List<Ticket> round = new ArrayList<>();
    for (Ticket ticket : unfinished) {
      round.add(ticket);
      if (ticket == target) {
        break;
      }
    }
    leading = true;
    lock.unlock();
    Throwable failed = null;
    try {
      commit(round, target, end);
    } catch (Throwable e) {
      failed = e;
      throw e;
    } finally {
      lock.lock();
      failure = failed;
      leading = false;
      progress.signalAll();
    }
  }

  private void commit(List<Ticket> round, Ticket target, int end) throws IOException {
    DiskFullException full = null;
    for (Ticket ticket : round) {
      Log log = ticket.log;
      int least = ticket == target ? Math.max(end, log.mark()) : log.slab().end();
      int completed = log.awaitCompleted(least);
      if (full == null) {
        full = tryWrite(log, completed);
      }
      if (full == null) {
        settle(ticket, completed);
      } else {
        refuse(ticket, completed, full);
      }
    }
  }

  private @Nullable DiskFullException tryWrite(Log log, int end) throws IOException {
    try {
      if (log.writeAndForce(end)) {
        syncs.increment();
      }
      return null;
    } catch (DiskFullException e) {
      return e;
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
  private void refuse(Ticket ticket, int end, DiskFullException reason) throws IOException {
    int from = ticket.settled; // which only leaders change
    ticket.log.slab().voidRecords(from, end);
    ticket.log.retract();
    lock.lock();
    try {
      if (from < end) {
        ticket.refusals.add(new Refusal(from, end, reason));
      }
      ticket.settled = end;
    } finally {
      lock.unlock();
    }
  }
}
