package dev.quarry.index.keys;

import dev.quarry.StoreClosedException;
import java.nio.file.Path;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The user keys of a store's segments in byte order, so that ranges of keys can be walked.
 *
 * <p><b>Never the truth.</b> The index holds every live key of each segment it {@link #covers}, and
 * maybe keys that are live no longer: whoever walks it asks the hash index about each key. It can
 * be thrown away at any time and filled again, segment by segment.
 *
 * <p>There are two: one on disk, by RocksDB ({@link #open}), and one in memory ({@link
 * MemoryKeyIndex}), which needs neither RocksDB nor room on disk.
 *
 * <p><b>Threads.</b> Every method is safe to call from any thread; those that change the index run
 * one at a time. What the index covers is a fact only as long as nobody replaces it: who makes sure
 * that all segments are covered and then iterates must keep {@link #replaceDamaged} out meanwhile.
 *
 * <p>Every method throws {@link StoreClosedException} after {@link #close}, unless it says
 * otherwise.
 */
public interface KeyIndex extends AutoCloseable {

  /**
   * Opens the index that RocksDB keeps in a directory, or creates an empty one. Files that RocksDB
   * proves damaged are deleted, with a warning in the log; for any other failure they stay as they
   * are. The first call in a process loads RocksDB's native library, which takes 0.15 to 0.5 s.
   *
   * @param directory where the index lives, and nothing else; its parent must exist
   * @throws KeyIndexUnavailableException if RocksDB cannot be used there, for the reason that it
   *     gives: it is not on the class path, its library does not load, the disk is full, another
   *     index is open there, or the file system refuses
   */
  static KeyIndex open(Path directory) {
    try {
      return RocksKeyIndex.open(directory);
    } catch (LinkageError e) { // RocksDB is not on the class path
      throw new KeyIndexUnavailableException(directory, "RocksDB cannot be loaded: " + e, e);
    }
  }

  /**
   * Whether all keys of a segment are here.
   *
   * @param fingerprint what tells the segment from another that had or will have the same id
   * @throws KeyIndexDamagedException if the index is damaged here
   * @throws KeyIndexUnavailableException if the index cannot be read
   */
  boolean covers(long segmentId, long fingerprint);

  /**
   * Takes in the keys of a segment; from then on it is covered, unless the reading of the keys
   * ended with {@link KeySink#leaveUncovered}. When this fails, or a crash comes, the segment is
   * not covered, whatever part of its keys is here.
   *
   * <p>The segment must be on stable storage, as a deletion is not undone when the segment is lost.
   *
   * @param fingerprint see {@link #covers}
   * @param keys called once; what it throws is passed on. It must not wait for a thread that closes
   *     the index
   * @throws KeyIndexDamagedException if the index is damaged
   * @throws KeyIndexUnavailableException if there is no room for the keys, or the disk fails
   */
  void add(long segmentId, long fingerprint, SegmentKeys keys);

  /**
   * Stops covering a segment, and then changes keys as told: takes out those that go with it.
   *
   * @param keys called once; what it throws is passed on
   * @throws KeyIndexDamagedException if the index is damaged
   * @throws KeyIndexUnavailableException if there is no room to note it, or the disk fails
   */
  void remove(long segmentId, SegmentKeys keys);

  /**
   * Stops covering every segment that is no more. Their keys stay.
   *
   * @param isSegment whether there is a segment of this id
   * @throws KeyIndexDamagedException if the index is damaged
   * @throws KeyIndexUnavailableException if there is no room to note it, or the disk fails
   */
  void retain(LongPredicate isSegment);

  /**
   * The keys of a range, as they are now. An upper bound at or below the lower one gives none.
   *
   * @param from the first key of the range, whether there is such a key or not; null for the lowest
   * @param to the first key beyond the range; null for no limit
   * @throws KeyIndexDamagedException if the index has been found damaged or is being replaced
   */
  OrderedKeys iterate(byte @Nullable [] from, byte @Nullable [] to);

  /**
   * Puts an empty index in the place of one that has thrown {@link KeyIndexDamagedException}; its
   * cursors throw that from then on. Nothing happens when the present index has not, so that of
   * several threads that met the same damage the first replaces and the others go on.
   *
   * @return whether this call has replaced it
   * @throws KeyIndexUnavailableException if the files cannot be deleted, or no new ones created
   */
  boolean replaceDamaged();

  /** Bytes of memory in use, an estimate; 0 when closed or being replaced. */
  long memoryBytes();

  /**
   * Saves what is to be saved and closes the index and its cursors. An add under way gives up. When
   * saving fails, the segments concerned are not covered after the next open, and the log says so.
   * Nothing happens when the index is closed.
   */
  @Override
  void close();

  /** As {@link #close}, but saves nothing: the files may be another process's by now. */
  default void abandon() {
    close();
  }
}
