package dev.quarry.segment;

import dev.quarry.StoreLockedException;
import dev.quarry.segment.IoCalls.Fate;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that can fail, and lose power, at any call. It assumes no more of the medium
 * than {@link Disk} says, and makes the worst of it.
 *
 * <p><b>Calls.</b> Those that can change the disk are numbered from 1: createDirectories, create,
 * rename, delete, syncDirectory, lock, write, truncate and force, whether they have anything to do
 * or not, but not those refused for their arguments. Only these can be made to crash or fail; a
 * crash in any other would leave what a crash in the next of these leaves. For failing reads see
 * {@link FaultyDisk}.
 *
 * <p><b>Faults.</b> A failing write leaves any number of its first sectors; other failing calls
 * have no effect, except that after a failed force or syncDirectory what it should have made
 * durable never will be, though it stays readable. A crashing write leaves any of its sectors; a
 * crashing force or syncDirectory none of its effect; other crashing calls take effect or not.
 *
 * <p><b>Crash.</b> The crashed disk does not change any more and can be looked at by {@link
 * #afterCrash} as often as wanted. Closing and unmapping still work.
 *
 * <p><b>Checks.</b> Renaming or deleting a file that is open for writing, and changing a part that
 * is mapped, are IllegalStateExceptions. Mappings are copies, filled with garbage when unmapped.
 *
 * <p>The root directory exists and paths are resolved from it; the real file system is not touched.
 * Safe for use by any number of threads: every call takes the lock of the disk.
 */
public final class SimulatedDisk implements Disk {

  /** Keeps sums with file sizes from overflowing. */
  private static final long UNLIMITED = Long.MAX_VALUE / 2;

  private final SplittableRandom random;
  private final IoCalls calls;
  private final SimulatedTree tree;

  /** All that ever existed. */
  private final List<SimulatedDirectory> directories = new ArrayList<>();

  private final Set<Object> handles = new LinkedHashSet<>();

  /** Who locked a file last, unless the lock was given up. */
  private final Map<SimulatedNode, SimulatedLock> locks = new HashMap<>();

  /** The locks that the system dropped: whoever comes gets them. */
  private final Set<SimulatedLock> dropped = new HashSet<>();

  /** Whether two processes may have the disk in use. */
  private boolean shared;

  private long capacity = UNLIMITED;
  private long used;

  public SimulatedDisk() {
    this(0);
  }

  /**
   * An empty disk.
   *
   * @param seed decides how much of a failing or crashing call takes effect
   */
  public SimulatedDisk(long seed) {
    this(new SplittableRandom(seed), new SimulatedDirectory());
  }

  private SimulatedDisk(SplittableRandom random, SimulatedDirectory root) {
    this.random = random;
    this.calls = new IoCalls(random);
    this.tree = new SimulatedTree(root);
    adopt(root, new HashSet<>());
  }

  private void adopt(SimulatedDirectory directory, Set<SimulatedNode> known) {
    directories.add(directory);
    for (String name : directory.names()) {
      SimulatedNode node = Objects.requireNonNull(directory.get(name));
      if (node instanceof SimulatedDirectory inner) {
        adopt(inner, known);
      } else if (known.add(node)) {
        used += ((SimulatedFile) node).size();
      }
    }
  }

  /** How many numbered calls were made. */
  public synchronized long ioCalls() {
    return calls.count();
  }

  /** The last numbered calls, oldest first, in plain words. */
  public synchronized List<String> history() {
    return calls.history();
  }

  /** Lets a call to come, and every one after it, throw {@link SimulatedCrashException}. */
  public synchronized void crashAt(long ioCall) {
    calls.crashAt(ioCall);
  }

  /** The same, so many calls from now; nothing happens if it has crashed already. */
  public synchronized void crashAfter(long ioCalls) {
    if (!calls.hasCrashed()) {
      calls.crashAt(calls.count() + ioCalls);
    }
  }

  public synchronized boolean hasCrashed() {
    return calls.hasCrashed();
  }

  /** Lets one call to come fail. */
  public synchronized void failAt(long ioCall, Supplier<? extends IOException> failure) {
    calls.failAt(ioCall, failure);
  }

  /** The same, so many calls from now. */
  public synchronized void failAfter(long ioCalls, Supplier<? extends IOException> failure) {
    calls.failAt(calls.count() + ioCalls, failure);
  }

  /** Lets a call to come fail, and every numbered one after it. */
  public synchronized void failFrom(long ioCall, Supplier<? extends IOException> failure) {
    calls.failFrom(ioCall, failure);
  }

  /** Limits the sum of all file sizes; a write beyond it is cut short and says the disk is full. */
  public synchronized void capacity(long bytes) {
    capacity = bytes;
  }

  /**
   * Has the system drop every lock, as it does when any code in a process closes the locked file.
   * From now on the disk may be in use by two processes, of which one renames and deletes what the
   * other has open.
   */
  public synchronized void dropLocks() {
    dropped.addAll(locks.values());
    shared = true;
  }

  /** The sum of all file sizes. */
  public synchronized long usedSpace() {
    return used;
  }

  /** The files not closed, mappings not unmapped and locks not given up, oldest first. */
  public synchronized List<String> openHandles() {
    return handles.stream().map(Object::toString).toList();
  }

  /**
   * The disk as it is found after the power failed: at the crash, or now if there was none. Changes
   * nothing here; the same arguments give the same disk. The new one has the same capacity, and all
   * on it is durable.
   */
  public synchronized SimulatedDisk afterCrash(Survival survival, long seed) {
    SplittableRandom fate = new SplittableRandom(seed);
    CrashImage image = new CrashImage(survival, fate, directories);
    SimulatedDisk disk = new SimulatedDisk(fate, image.of(tree.root()));
    disk.capacity(capacity);
    return disk;
  }

  @Override
  public synchronized void createDirectories(Path directory) throws IOException {
    calls.checkRunning();
    tree.checkNoFileIn(directory);
    Fate fate = calls.next("create directories " + directory);
    if (fate.applies()) {
      SimulatedDirectory parent = tree.root();
      for (Path name : SimulatedTree.absolute(directory)) {
        parent = childDirectory(parent, name.toString());
      }
    }
    fate.conclude();
  }

  private SimulatedDirectory childDirectory(SimulatedDirectory parent, String name) {
    if (parent.get(name) instanceof SimulatedDirectory directory) {
      return directory;
    }
    SimulatedDirectory created = new SimulatedDirectory();
    directories.add(created);
    parent.create(calls.count(), name, created);
    return created;
  }

  @Override
  public synchronized boolean exists(Path path) {
    calls.checkRunning();
    return tree.find(path) != null;
  }

  @Override
  public synchronized List<String> list(Path directory) throws IOException {
    calls.checkRunning();
    return tree.find(directory) == null ? List.of() : tree.directory(directory).names();
  }

  @Override
  public synchronized long size(Path file) throws IOException {
    calls.checkRunning();
    return tree.file(file).size();
  }

  @Override
  public synchronized DiskFile create(Path file) throws IOException {
    calls.checkRunning();
    SimulatedDirectory parent = tree.parent(file);
    String name = SimulatedTree.name(file);
    if (parent.get(name) != null) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Fate fate = calls.next("create " + file);
    SimulatedFile created = new SimulatedFile();
    if (fate.applies()) {
      add(parent, name, created);
    }
    fate.conclude();
    return handle(file, created, true);
  }

  private void add(SimulatedDirectory parent, String name, SimulatedFile file) {
    parent.create(calls.count(), name, file);
    file.links++;
  }

  private DiskFile handle(Path path, SimulatedFile file, boolean writable) {
    return new SimulatedHandle(this, calls, random, path, file, writable);
  }

  @Override
  public synchronized DiskFile open(Path file) throws IOException {
    calls.checkRunning();
    return handle(file, tree.file(file), true);
  }

  @Override
  public synchronized DiskFile openForRead(Path file) throws IOException {
    calls.checkRunning();
    return handle(file, tree.file(file), false);
  }

  @Override
  public synchronized Mapping map(Path file, long position, long length) throws IOException {
    DiskArguments.checkMap(position, length);
    calls.checkRunning();
    SimulatedFile mapped = tree.file(file);
    if (position > mapped.size() - length) {
      throw new IOException(
          "cannot map " + length + " bytes at " + position + " of " + file + ": it is shorter");
    }
    return new SimulatedMapping(this, file, mapped, position, (int) length);
  }

  @Override
  public synchronized void rename(Path from, Path to) throws IOException {
    calls.checkRunning();
    SimulatedFile file = tree.file(from);
    SimulatedDirectory target = tree.parent(to);
    SimulatedFile replaced = tree.find(to) == null ? null : tree.file(to);
    checkNotWritten(from, file);
    checkNotWritten(to, replaced);
    Fate fate = calls.next("rename " + from + " to " + to);
    if (fate.applies() && replaced != file) {
      unlinked(replaced);
      tree.parent(from)
          .rename(calls.count(), SimulatedTree.name(from), target, SimulatedTree.name(to), file);
    }
    fate.conclude();
  }

  @Override
  public synchronized void delete(Path path) throws IOException {
    calls.checkRunning();
    SimulatedNode node = tree.find(path);
    if (node instanceof SimulatedDirectory directory && !directory.names().isEmpty()) {
      throw new DirectoryNotEmptyException(path.toString());
    }
    checkNotWritten(path, node);
    Fate fate = calls.next("delete " + path);
    if (fate.applies() && node != null) {
      unlinked(node);
      tree.parent(path).delete(calls.count(), SimulatedTree.name(path), node);
    }
    fate.conclude();
  }

  private void checkNotWritten(Path path, @Nullable SimulatedNode node) {
    if (!shared && node instanceof SimulatedFile file && file.writers > 0) {
      throw new IllegalStateException(path + " is open for writing");
    }
  }

  private void unlinked(@Nullable SimulatedNode node) {
    if (node instanceof SimulatedFile file && --file.links == 0) {
      used -= file.size();
    }
  }

  @Override
  public synchronized void syncDirectory(Path directory) throws IOException {
    calls.checkRunning();
    SimulatedDirectory synced = tree.directory(directory);
    Fate fate = calls.next("sync directory " + directory);
    if (fate.fails()) {
      synced.failSync();
    } else if (!fate.crashes()) {
      synced.sync();
    }
    try {
      fate.conclude();
    } catch (DiskFullException e) {
      throw DiskErrors.asFinal(e);
    }
  }

  @Override
  public synchronized long usableSpace(Path directory) throws IOException {
    calls.checkRunning();
    tree.directory(directory);
    return room();
  }

  @Override
  public synchronized StoreLock lock(Path file) throws IOException {
    calls.checkRunning();
    SimulatedDirectory parent = tree.parent(file);
    Fate fate = calls.next("lock " + file);
    if (tree.find(file) == null && fate.applies()) {
      add(parent, SimulatedTree.name(file), new SimulatedFile());
    }
    fate.conclude();
    SimulatedFile node = tree.file(file);
    SimulatedLock holder = locks.get(node);
    if (holder != null && !dropped.remove(holder)) {
      throw new StoreLockedException(file);
    }
    SimulatedLock lock = new SimulatedLock(file, node);
    locks.put(node, lock);
    return lock;
  }

  private final class SimulatedLock implements StoreLock {

    private final Path path;
    private final SimulatedFile file;

    /** Whether another came, whose token stays in the file. */
    private boolean lost;

    SimulatedLock(Path path, SimulatedFile file) {
      this.path = path;
      this.file = file;
      handles.add(this);
    }

    @Override
    public void check() throws IOException {
      synchronized (SimulatedDisk.this) {
        calls.checkRunning();
        if (!handles.contains(this)) {
          throw new IOException(path + " is not locked any more");
        }
        lost |= locks.get(file) != this;
        if (lost) {
          throw LockLostException.taken(path, "another process");
        }
      }
    }

    @Override
    public void renew() throws IOException {
      synchronized (SimulatedDisk.this) {
        check();
        dropped.remove(this);
        if (tree.find(path) != file) {
          throw LockLostException.gone(path);
        }
      }
    }

    @Override
    public void close() {
      synchronized (SimulatedDisk.this) {
        dropped.remove(this);
        if (handles.remove(this)) {
          locks.remove(file, this);
        }
      }
    }

    @Override
    public String toString() {
      return "lock of " + path;
    }
  }

  void opened(Object handle) {
    handles.add(handle);
  }

  void closed(Object handle) {
    handles.remove(handle);
  }

  long room() {
    return Math.max(0, capacity - used);
  }

  void use(long bytes) {
    used += bytes;
  }
}
