package dev.quarry.crash.damage;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quarry.BlobStore;
import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.TestBed;
import dev.quarry.segment.Disk;
import dev.quarry.tool.inspect.StoreCheck;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Judges what a store makes of damaged files: each read must give the right bytes or throw a
 * CorruptionException that names a file of the store. A key is never silently absent, nor has it an
 * older value, unless all operations from some point on are undone, and that point is in a part of
 * the last log of which nothing says that it ever was durable. A cache may evict, and tells so.
 */
public final class Oracle {

  private static final int SHOWN = 5;

  private final Sample sample;
  private final Map<String, byte[]> content;

  /** Judges by what was done to the store. */
  public Oracle(Sample sample) {
    this(sample, sample.history().content());
  }

  /**
   * @param content what the store holds when nothing is damaged; less than what was done to it, if
   *     it is a cache that evicted
   */
  public Oracle(Sample sample, Map<String, byte[]> content) {
    this.sample = sample;
    this.content = content;
  }

  /** Opens a store on a disk with damaged files, reads all of it, and closes it. */
  public Outcome read(ImageDisk disk) {
    return read(disk, disk, sample.history().length());
  }

  /**
   * The same, of a store whose last log may have been cut.
   *
   * @param disk that the store gets
   * @param image the disk that is below it
   * @param atLeast so many operations must not be undone
   */
  public Outcome read(Disk disk, ImageDisk image, int atLeast) {
    Outcome outcome;
    Set<Long> evicted = new HashSet<>();
    TestBed bed = TestBed.inline(disk).observing((low, high) -> evicted.add(low));
    try (BlobStore store = bed.open(StoreImage.ROOT, sample.options())) {
      outcome = read(store, evicted, atLeast);
    } catch (CorruptionException e) {
      checkNamed(e);
      outcome = Outcome.REFUSED;
    } catch (FormatVersionException e) {
      outcome = Outcome.OTHER_VERSION;
    } catch (IllegalArgumentException e) {
      if (!String.valueOf(e.getMessage()).contains("store, not a")) { // of the other mode
        throw new BrokenPromiseException("opening or closing threw " + e, e);
      }
      outcome = Outcome.REFUSED;
    } catch (BrokenPromiseException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw new BrokenPromiseException("opening or closing threw " + e, e);
    }
    if (image.openHandles() != 0) {
      throw new BrokenPromiseException(image.openHandles() + " files were left open");
    }
    return outcome;
  }

  /** Reads every key of an open store but those that it evicted since it was opened. */
  private Outcome read(BlobStore store, Set<Long> evicted, int atLeast) {
    Set<String> failed = new HashSet<>();
    Set<String> wrong = new HashSet<>();
    for (String key : sample.history().keys()) {
      try {
        byte[] value = store.get(key.getBytes(UTF_8));
        boolean gone = value == null && !evicted.isEmpty() && evicted.contains(lowHash(key));
        if (!gone && !Arrays.equals(content.get(key), value)) {
          wrong.add(key);
        }
      } catch (CorruptionException e) {
        checkNamed(e);
        failed.add(key);
      } catch (RuntimeException | Error e) {
        throw new BrokenPromiseException("reading " + key + " threw " + e, e);
      }
    }
    if (!wrong.isEmpty()) {
      checkCut(store, wrong, failed, atLeast);
      return Outcome.CUT;
    }
    if (!failed.isEmpty()) {
      return Outcome.READ_ERROR;
    }
    return store.stats().damagedFiles() > 0 ? Outcome.MADE_GOOD : Outcome.RIGHT;
  }

  /** Looks for a point from which on all operations are undone. */
  private void checkCut(BlobStore store, Set<String> wrong, Set<String> failed, int atLeast) {
    for (int count = sample.history().length() - 1; count >= atLeast; count--) {
      if (holds(store, sample.history().after(count), failed)) {
        return;
      }
    }
    StringBuilder message = new StringBuilder("without an error");
    for (String key : wrong.stream().sorted().limit(SHOWN).toList()) {
      byte[] found = store.get(key.getBytes(UTF_8));
      message.append(", ").append(key).append(" has ").append(sample.history().origin(key, found));
      message.append(" for ").append(sample.history().origin(key, content.get(key)));
    }
    message.append("; wrong in all: ").append(wrong.size()).append(", at least ").append(atLeast);
    message.append(" of ").append(sample.history().length()).append(" operations should be there");
    throw new BrokenPromiseException(message.toString());
  }

  private boolean holds(BlobStore store, Map<String, byte[]> expected, Set<String> failed) {
    for (String key : sample.history().keys()) {
      if (!failed.contains(key)
          && !Arrays.equals(expected.get(key), store.get(key.getBytes(UTF_8)))) {
        return false;
      }
    }
    return true;
  }

  private static long lowHash(String key) {
    long[] hash = new long[2];
    SmallStores.HASHER.hash(key.getBytes(UTF_8), hash);
    return hash[0];
  }

  private static void checkNamed(CorruptionException e) {
    String message = String.valueOf(e.getMessage());
    if (!e.file().startsWith(StoreImage.ROOT)
        || e.offset() < 0
        || !message.startsWith(e.file() + " at offset " + e.offset())) {
      throw new BrokenPromiseException("an error that does not name file and offset", e);
    }
  }

  /** Whether what {@code quarry segments verify} runs has anything to say about a store. */
  public static boolean verifyReports(Disk disk) {
    int[] reports = {0};
    StoreCheck check = new StoreCheck(finding -> reports[0]++, warning -> reports[0]++);
    try {
      check.run(disk, StoreImage.ROOT);
    } catch (IOException | RuntimeException | Error e) {
      throw new BrokenPromiseException("verify threw " + e, e);
    }
    return reports[0] > 0;
  }
}
