package dev.quarry.crash.process;

import dev.quarry.BlobStore;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.StoreInvariants;
import dev.quarry.StoreMode;
import dev.quarry.TestBed;
import dev.quarry.crash.process.Line.Said;
import dev.quarry.segment.FileSystemDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Starts a process that uses a store with several threads, kills it with SIGKILL at a random
 * moment, checks the store against all that the process had said, and does so time and again with
 * the same store. Now and then it is killed while it opens the store, or twice in a row without a
 * check in between.
 *
 * <p>The seed fixes what is written and when it is killed, but not how threads interleave.
 */
public final class KillCampaign {

  /** Where in the directory the store is as it was before it was checked. */
  static final String KILLED = "killed";

  private static final int MOST_OPERATIONS = 1_500;
  private static final int MOST_EARLY_MILLIS = 120;
  private static final int ATTEMPTS = 1_000;
  private static final long PAUSE_NANOS = 10_000_000;

  private final Path store;
  private final Path killed;
  private final Path versions;
  private final Path said;
  private final StoreMode mode;
  private final long seed;
  private final ChildJvm.Builder child;
  private final List<String> more;
  private final Random random;
  private final Writes writes;
  private final List<KeyPast> pasts = new ArrayList<>();

  /** Keys that were evicted while the store was checked. */
  private final Set<Integer> evictedHere = ConcurrentHashMap.newKeySet();

  private int cycles;
  private int checks;
  private long operations;
  private long certain;

  /**
   * @param directory for the store, empty
   * @param seed of all that is random
   */
  public KillCampaign(Path directory, StoreMode mode, long seed) {
    this(directory, mode, seed, KillChild.class);
  }

  /**
   * @param child what is run
   * @param more arguments for it
   */
  KillCampaign(Path directory, StoreMode mode, long seed, Class<?> child, String... more) {
    this.store = directory.resolve("store");
    this.killed = directory.resolve(KILLED);
    this.versions = directory.resolve("versions");
    this.said = directory.resolve("said");
    this.mode = mode;
    this.seed = seed;
    this.child =
        ChildJvm.of(child)
            .options("-Xmx256m", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData");
    this.more = List.of(more);
    this.random = new Random(seed);
    this.writes = new Writes(seed);
    for (int key = 0; key < KillChild.KEYS; key++) {
      pasts.add(new KeyPast(mode));
    }
  }

  /**
   * Kills so many times.
   *
   * @throws AssertionError if the store broke a promise; the directory is left as it is
   */
  public void run(int kills) throws IOException {
    for (int i = 0; i < kills; i++) {
      cycles++;
      try {
        runAndKill();
        if (i == kills - 1 || random.nextInt(4) > 0) {
          checks++;
          check();
        }
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            mode + " seed " + seed + ", cycle " + cycles + ": " + e.getMessage(), e);
      }
    }
  }

  /** Processes that were killed. */
  public int cycles() {
    return cycles;
  }

  /** Puts and deletes that they had acknowledged. */
  public long operations() {
    return operations;
  }

  /** In words, what was done. */
  public String summary() {
    return mode.name().toLowerCase(Locale.ROOT)
        + ": "
        + cycles
        + " kills, "
        + checks
        + " checks, "
        + operations
        + " operations acknowledged, "
        + certain
        + " times exactly one outcome was allowed";
  }

  // ---- the process ----

  private void runAndKill() throws IOException {
    Files.writeString(
        versions,
        pasts.stream().map(past -> past.begun() + "\n").collect(Collectors.joining()),
        StandardCharsets.US_ASCII);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                store.toString(),
                mode.name(),
                Long.toString(seed),
                Long.toString(random.nextLong()),
                versions.toString()));
    arguments.addAll(more);
    boolean early = random.nextInt(6) == 0;
    long enough = early ? 0 : 1 + random.nextInt(MOST_OPERATIONS);
    try (ChildJvm process = child.start(arguments.toArray(String[]::new))) {
      listen(process, enough, early ? random.nextInt(MOST_EARLY_MILLIS) : 0);
      int exitCode = process.awaitEnd();
      if (exitCode != ChildJvm.KILLED) {
        throw new AssertionError("the process ended before it was killed, with " + exitCode);
      }
    }
  }

  /**
   * Takes in all it says; kills it after some operations, or if there are to be none some time
   * after it begins to open the store.
   */
  private void listen(ChildJvm process, long enough, int millis) throws IOException {
    Map<Long, long[]> syncing = new HashMap<>();
    List<String> all = new ArrayList<>(List.of("cycle " + cycles));
    long heard = 0;
    for (String text = process.readLine(); text != null; text = process.readLine()) {
      Said line = Line.parse(text);
      if (line == null) {
        continue; // cut short by the kill
      }
      all.add(line.toString());
      hear(line, syncing);
      heard += line.line() == Line.ACKNOWLEDGED ? 1 : 0;
      boolean now = enough == 0 ? line.line() == Line.OPENING : line.line() == Line.ACKNOWLEDGED;
      if (now && heard == enough) {
        LockSupport.parkNanos(millis * 1_000_000L);
        process.kill();
      }
    }
    Files.write(said, all, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void hear(Said line, Map<Long, long[]> syncing) {
    KeyPast past = pasts.get(line.key());
    switch (line.line()) {
      case OPENING -> pasts.forEach(KeyPast::restart);
      case OPENED -> {}
      case BEGUN -> past.begin(line.version(), writes.isDelete(line.key(), line.version()));
      case ACKNOWLEDGED -> {
        past.acknowledge(line.version());
        operations++;
      }
      case REFUSED -> past.refuse(line.version());
      case READ -> past.read(line.version());
      case EVICTED -> past.evict();
      case SYNCING ->
          syncing.put(line.version(), pasts.stream().mapToLong(KeyPast::acknowledged).toArray());
      case SYNCED -> {
        long[] acknowledged = syncing.remove(line.version());
        for (int key = 0; acknowledged != null && key < acknowledged.length; key++) {
          pasts.get(key).synced(acknowledged[key]);
        }
      }
    }
  }

  // ---- the check ----

  private void check() throws IOException {
    Trees.delete(killed);
    if (Files.exists(store)) {
      Trees.copy(store, killed);
    }
    KeyNumbers numbers = new KeyNumbers(KillChild.KEYS);
    try (BlobStore opened =
        TestBed.threaded(new FileSystemDisk())
            .hashing(numbers)
            .observing((low, high) -> evictedHere.add(numbers.of(low, high)))
            .open(store, KillChild.options(mode, seed))) {
      StoreInvariants.check(opened);
      for (int key = 0; key < KillChild.KEYS; key++) {
        check(opened, key);
      }
      if (random.nextInt(5) == 0) {
        checkOrder(opened);
      }
    }
    Files.writeString(said, "checked\n" + evictedHere + " were evicted meanwhile\n");
    evictedHere.forEach(key -> pasts.get(key).evict());
    evictedHere.clear();
  }

  private void check(BlobStore opened, int key) {
    KeyPast past = pasts.get(key);
    certain += past.isCertain() ? 1 : 0;
    byte[] value = opened.get(Writes.key(key));
    if (value != null) {
      long version = writes.versionOf(key, value);
      refuse(key, past.faultOf(version));
      past.settle(version);
    } else {
      String fault = past.faultOfAbsence();
      refuse(key, fault.isEmpty() || isEvictedHere(key) ? "" : fault);
      past.settleAbsent();
    }
  }

  private void refuse(int key, String fault) {
    if (!fault.isEmpty()) {
      throw new AssertionError("key " + key + " " + fault + pasts.get(key));
    }
  }

  /** A cache tells of an eviction just after the key is gone. */
  private boolean isEvictedHere(int key) {
    int attempts = mode == StoreMode.CACHE ? ATTEMPTS : 0;
    for (int attempt = 0; attempt < attempts && !evictedHere.contains(key); attempt++) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return evictedHere.contains(key);
  }

  /** The keys in their order are those that have a value, but for what is evicted meanwhile. */
  private void checkOrder(BlobStore opened) {
    Set<String> listed = new HashSet<>();
    @Nullable String last = null;
    try (KeyCursor cursor = opened.keys(KeyRange.all())) {
      while (cursor.next()) {
        String key = new String(cursor.key(), StandardCharsets.US_ASCII);
        if (last != null && last.compareTo(key) >= 0) {
          throw new AssertionError(key + " is listed after " + last);
        }
        last = key;
        listed.add(key);
      }
    }
    for (int key = 0; key < KillChild.KEYS; key++) {
      String name = new String(Writes.key(key), StandardCharsets.US_ASCII);
      boolean there = opened.contains(Writes.key(key));
      if (there != listed.contains(name) && !isEvictedHere(key)) {
        throw new AssertionError(name + (there ? " is not listed" : " is listed, and absent"));
      }
    }
  }
}
