package dev.quarry.wal;

import dev.quarry.segment.FaultyDisk.Operation;
import dev.quarry.segment.SimulatedDisk;
import dev.quarry.segment.Slab;
import dev.quarry.segment.Survival;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The first log of a store on a simulated disk, some of whose calls can be made to fail. */
final class OneLog {

  private static final Set<Operation> FILE_CALLS =
      Set.of(Operation.WRITE, Operation.TRUNCATE, Operation.FORCE);

  final SimulatedDisk disk;
  final GroupCommit commit;
  final Slab slab = TestLogs.slab(128 << 10);
  final GroupCommit.Ticket ticket;

  /** Runs before each call of the disk. */
  Hook hook = (call, path) -> {};

  /** The keys of records that were committed. */
  final List<String> durable = new ArrayList<>();

  OneLog(long seed) throws IOException {
    disk = TestLogs.disk(seed);
    Hook current = (call, path) -> hook.before(call, path);
    commit = new GroupCommit(current.inFrontOf(disk), TestLogs.LAYOUT);
    ticket = commit.add(slab);
  }

  int put(String key, int length) {
    return TestLogs.put(slab, key, length);
  }

  void commit(String key, int length) throws IOException {
    commit.await(ticket, put(key, length));
    durable.add(key);
  }

  /** What awaiting a record throws. */
  @Nullable Throwable outcome(int end) {
    try {
      commit.await(ticket, end);
      return null;
    } catch (Throwable e) {
      return e;
    }
  }

  /** Lets the n-th call from now fail. */
  void failCall(int n, Supplier<IOException> failure) {
    disk.failAt(disk.ioCalls() + n, failure);
  }

  /** Lets the n-th call of a file from now fail, in the worst way that the disk knows. */
  void failFileCall(int n, Supplier<IOException> failure) {
    Hook before = hook;
    int[] left = {n};
    hook =
        (call, path) -> {
          before.before(call, path);
          if (FILE_CALLS.contains(call) && --left[0] == 0) {
            failCall(1, failure);
          }
        };
  }

  /** The keys in the log after a crash. */
  List<String> keysAfter(Survival survival, long seed) throws IOException {
    return TestLogs.keys(disk.afterCrash(survival, seed), 1);
  }
}
