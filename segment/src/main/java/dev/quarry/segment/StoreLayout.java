package dev.quarry.segment;

import dev.quarry.CorruptionException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The names of the files of a store.
 *
 * @param root the store's directory
 */
public record StoreLayout(Path root) {

  private static final String SEGMENT_SUFFIX = ".seg";
  private static final String LOG_SUFFIX = ".wal";
  private static final String TEMPORARY_SUFFIX = ".tmp";
  private static final Pattern DIGITS = Pattern.compile("[0-9]{10}");

  /** Longer than the name of any file in a directory of the store, with that of the directory. */
  public static final String PROBE = "directory-check-of-open.tmp";

  private static final Set<String> NAMES =
      Set.of(
          "STORE",
          "STORE.tmp",
          "LOCK",
          "RESERVE",
          "RESERVE.tmp",
          PROBE,
          "segments",
          "wal",
          "index",
          "keyindex");

  /** The identity of the store. */
  public Path store() {
    return root.resolve("STORE");
  }

  /** The identity while it is being written. */
  public Path storeTemporary() {
    return root.resolve("STORE.tmp");
  }

  /** Locked by the process that has the store open. */
  public Path lock() {
    return root.resolve("LOCK");
  }

  /** Room on the disk that is kept for deletes and compaction. */
  public Path reserve() {
    return root.resolve("RESERVE");
  }

  /** The same while it is being written. */
  public Path reserveTemporary() {
    return root.resolve("RESERVE.tmp");
  }

  /** The directory of the segments. */
  public Path segments() {
    return root.resolve("segments");
  }

  /** The directory of the logs. */
  public Path logs() {
    return root.resolve("wal");
  }

  /** The directory of the checkpoint; may be deleted whenever the store is closed. */
  public Path checkpointDirectory() {
    return root.resolve("index");
  }

  /** The index, as it was once. */
  public Path checkpoint() {
    return checkpointDirectory().resolve("checkpoint");
  }

  /** A checkpoint while it is being written. */
  public Path checkpointTemporary() {
    return checkpointDirectory().resolve("checkpoint.tmp");
  }

  /** The directory of the ordered keys; may be deleted whenever the store is closed. */
  public Path keyIndex() {
    return root.resolve("keyindex");
  }

  /**
   * The empty file that an opening creates in a directory of the store, and deletes, to find out
   * whether the store can work there. One that a crash left means nothing.
   *
   * @param directory the root or a directory below it
   */
  public Path probe(Path directory) {
    return directory.resolve(PROBE);
  }

  /** A segment. */
  public Path segment(long id) {
    return segments().resolve(name(id, SEGMENT_SUFFIX));
  }

  /** A segment while it is being written. */
  public Path segmentTemporary(long id) {
    return segments().resolve(name(id, TEMPORARY_SUFFIX));
  }

  /** A log. */
  public Path log(long id) {
    return logs().resolve(name(id, LOG_SUFFIX));
  }

  /** The ids of all segments, in ascending order. */
  public List<Long> segmentIds(Disk disk) throws IOException {
    return ids(disk, segments(), SEGMENT_SUFFIX);
  }

  /** The ids of all logs, in ascending order. */
  public List<Long> logIds(Disk disk) throws IOException {
    return ids(disk, logs(), LOG_SUFFIX);
  }

  /** What an interrupted write of a segment left behind. */
  public List<Path> temporaries(Disk disk) throws IOException {
    List<Path> files = new ArrayList<>();
    for (long id : ids(disk, segments(), TEMPORARY_SUFFIX)) {
      files.add(segmentTemporary(id));
    }
    return files;
  }

  /**
   * The names in the directory that no store has. What a file system or a desktop leaves in any
   * directory does not count.
   */
  public List<String> strangers(Disk disk) throws IOException {
    return disk.list(root).stream()
        .filter(name -> !NAMES.contains(name) && !SystemFiles.isOne(name))
        .toList();
  }

  private static String name(long id, String suffix) {
    return String.format(Locale.ROOT, "%010d%s", id, suffix);
  }

  private static String stem(String name, String suffix) {
    return name.substring(0, name.length() - suffix.length());
  }

  private static List<Long> ids(Disk disk, Path directory, String suffix) throws IOException {
    List<Long> ids = new ArrayList<>();
    for (String name : disk.list(directory)) { // sorted, and so are ids of as many digits
      if (name.endsWith(suffix) && DIGITS.matcher(stem(name, suffix)).matches()) {
        long id = Long.parseLong(stem(name, suffix));
        if (id < 1 || id > Integer.MAX_VALUE) {
          throw new CorruptionException(
              directory.resolve(name), 0, "an id from 1 to 2147483647 was expected in the name");
        }
        ids.add(id);
      }
    }
    return ids;
  }
}
