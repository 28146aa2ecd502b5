package dev.quarry.wal;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.Slab;
import dev.quarry.wal.GroupCommit.Ticket;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A group commit of a single log with a bug, each of which a careless change to {@link GroupCommit}
 * could bring about.
 */
final class PlantedCommits implements CommitLincheckTest.Commits {

  enum Bug {
    /** Writers are told before the sync has returned. */
    SETTLES_BEFORE_THE_SYNC,

    /** Writers are told whose records were completed while others' were synced. */
    SETTLES_WHAT_CAME_MEANWHILE,

    /** A record that was refused stays in the slab, and goes to disk with the next. */
    KEEPS_WHAT_WAS_REFUSED
  }

  private final Bug bug;
  private final Disk disk;
  private @Nullable Log log;

  @GuardedBy("this")
  private int settled = FileHeader.LENGTH;

  @GuardedBy("this")
  private boolean leading;

  PlantedCommits(Bug bug, Disk disk) {
    this.bug = bug;
    this.disk = disk;
  }

  @Override
  public @Nullable Ticket add(Slab slab) {
    log = new Log(slab, disk, TestLogs.LAYOUT);
    return null;
  }

  @Override
  public void await(@Nullable Ticket ticket, int end) throws IOException {
    if (becomesLeader(end)) {
      try {
        lead(Objects.requireNonNull(log), end);
      } finally {
        resign();
      }
    }
  }

  private synchronized boolean becomesLeader(int end) {
    try {
      while (leading && settled < end) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    leading |= settled < end;
    return settled < end;
  }

  private void lead(Log led, int end) throws IOException {
    int completed = led.awaitCompleted(Math.max(end, led.mark()));
    if (bug == Bug.SETTLES_BEFORE_THE_SYNC) {
      settle(completed);
    }
    try {
      led.writeAndForce(completed);
    } catch (DiskFullException e) {
      if (bug != Bug.KEEPS_WHAT_WAS_REFUSED) {
        led.slab().voidRecords(led.durable(), completed);
      }
      throw e;
    }
    settle(bug == Bug.SETTLES_WHAT_CAME_MEANWHILE ? led.awaitCompleted(completed) : completed);
  }

  private synchronized void settle(int end) {
    settled = end;
  }

  private synchronized void resign() {
    leading = false;
    notifyAll();
  }
}
