package dev.quarry.crash.damage;

import dev.quarry.segment.Disk;
import dev.quarry.segment.RecordFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * How much of the last log of a store may be taken for a torn tail, given what was damaged: what
 * follows the first broken record, unless a commit mark that is still whole says that the log was
 * durable beyond.
 */
final class LogTail {

  private final History history;
  private final byte[] intact;
  private final byte[] damaged;

  private LogTail(History history, byte[] intact, byte[] damaged) {
    this.history = history;
    this.intact = intact;
    this.damaged = damaged;
  }

  /**
   * The number of operations that must not be undone.
   *
   * @param file the only one that was damaged
   */
  static int atLeast(Sample sample, Path file, byte[] damaged) {
    List<Path> logs = sample.image().in(StoreImage.LAYOUT.logs());
    if (logs.isEmpty() || !logs.get(logs.size() - 1).equals(file)) {
      return sample.history().length();
    }
    return new LogTail(sample.history(), sample.image().bytes(file), damaged).atLeast();
  }

  private int atLeast() {
    ByteBuffer log = ByteBuffer.wrap(intact).order(ByteOrder.LITTLE_ENDIAN);
    int broken = Integer.MAX_VALUE;
    long durable = 0;
    int lost = 0;
    for (int at = 64; at + 24 <= intact.length && log.getInt(at) != 0; ) {
      int length = log.getInt(at);
      byte kind = log.get(at + 22);
      if (broken == Integer.MAX_VALUE && !isWhole(at, length)) {
        broken = at;
      }
      if (kind == RecordFormat.COMMIT_MARK && isWhole(at, length)) {
        durable = Math.max(durable, log.getLong(at + 24));
      }
      if (at >= broken && (kind == RecordFormat.PUT || kind == RecordFormat.TOMBSTONE)) {
        lost++;
      }
      at += padded(length);
    }
    return durable > broken ? history.length() : history.length() - lost;
  }

  private boolean isWhole(int at, int length) {
    return damaged.length >= Disk.BLOCK // else it counts as never written
        && at + padded(length) <= damaged.length
        && Arrays.equals(intact, at, at + length, damaged, at, at + length);
  }

  private static int padded(int length) {
    return length + 7 & -8;
  }
}
