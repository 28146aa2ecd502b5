package dev.quarry.crash.damage;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreMode;
import dev.quarry.TestBed;
import dev.quarry.TestStores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Damages larger stores at random. Every case follows from the seed and its number: a store is made
 * for each {@value #CASES_OF_A_STORE} of them.
 */
public class FlipCampaign {

  /** So many cases damage the same store, each by itself. */
  static final int CASES_OF_A_STORE = 250;

  private static final int FILLERS = 12;
  private static final List<Damage> DAMAGES = List.of(Damage.values());

  private final long seed;
  private final Map<Damage, Map<Outcome, Long>> counts = new EnumMap<>(Damage.class);

  /** A campaign that has not begun. */
  public FlipCampaign(long seed) {
    this.seed = seed;
  }

  /** How often which damage had which outcome. */
  Map<Damage, Map<Outcome, Long>> counts() {
    return counts;
  }

  /** A store, and what it holds when nothing is damaged. */
  record Ground(LargerStores.Scene scene, Map<String, byte[]> content) {}

  /**
   * Runs the cases from one number up to another, which are of one store.
   *
   * @throws BrokenPromiseException at the first that is not dealt with as it must be
   */
  public void run(long from, long to) throws IOException {
    Ground ground = ground(from / CASES_OF_A_STORE);
    for (long number = from; number < to; number++) {
      runOne(ground, number);
    }
  }

  private Ground ground(long group) throws IOException {
    SplittableRandom random = new SplittableRandom(seed * 31 + group);
    LargerStores.Scene scene = LargerStores.any(random);
    return new Ground(scene, undamaged(scene.sample()));
  }

  /** Each key has its latest value; in a cache, it may have been evicted. */
  private static Map<String, byte[]> undamaged(Sample sample) {
    Map<String, byte[]> content = new HashMap<>();
    Map<String, byte[]> latest = sample.history().content();
    try (BlobStore store =
        TestBed.inline(sample.image().disk()).open(StoreImage.ROOT, sample.options())) {
      for (String key : sample.history().keys()) {
        byte[] value = store.get(key.getBytes(UTF_8));
        boolean evicted = value == null && sample.options().mode() == StoreMode.CACHE;
        if (!evicted && !Arrays.equals(value, latest.get(key))) {
          throw new BrokenPromiseException(key + " is wrong though nothing is damaged");
        }
        if (value != null) {
          content.put(key, value);
        }
      }
    }
    if (Oracle.verifyReports(sample.image().disk())) {
      throw new BrokenPromiseException("verify reports something though nothing is damaged");
    }
    return content;
  }

  private void runOne(Ground ground, long number) {
    SplittableRandom random = new SplittableRandom(seed ^ number * 0x9E37_79B9_7F4A_7C15L);
    Sample sample = ground.scene.sample();
    Damage damage = DAMAGES.get(random.nextInt(DAMAGES.size()));
    Damage.Site any = new Damage.Site(ground.scene, StoreImage.ROOT, random);
    Path file = any.any(sample.image());
    Damage.Site site = new Damage.Site(ground.scene, file, random);
    byte[] damaged = damage.apply(site);
    try {
      Outcome outcome = judge(ground, file, damaged, random);
      synchronized (counts) {
        counts
            .computeIfAbsent(damage, kind -> new EnumMap<>(Outcome.class))
            .merge(outcome, 1L, Long::sum);
      }
    } catch (BrokenPromiseException e) {
      throw new BrokenPromiseException(
          "case "
              + number
              + " of seed "
              + seed
              + ": "
              + damage
              + " in "
              + file
              + " of "
              + sample.name()
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /** What comes of damaged bytes in a file; replaced by tests. */
  Outcome judge(Ground ground, Path file, byte[] damaged, SplittableRandom random) {
    Sample sample = ground.scene.sample();
    StoreImage image = sample.image().with(file, damaged);
    boolean reported = Oracle.verifyReports(image.disk());
    ImageDisk disk = image.disk();
    Oracle oracle = new Oracle(sample, ground.content);
    Outcome outcome = oracle.read(disk, disk, LogTail.atLeast(sample, file, damaged));
    if (outcome.isReported() && !reported) {
      throw new BrokenPromiseException("verify reports nothing, the store " + outcome);
    }
    boolean goesOn = outcome.compareTo(Outcome.READ_ERROR) <= 0;
    if (goesOn && sample.options().mode() == StoreMode.DURABLE && random.nextInt(8) == 0) {
      tidyUp(sample, disk);
      oracle.read(disk);
    }
    return outcome;
  }

  /** Makes the store compact what it can, and get rid of segments, the damaged one among them. */
  private static void tidyUp(Sample sample, ImageDisk disk) {
    BlobStoreOptions strict = sample.options().toBuilder().maxGarbageShare(0.05).build();
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, strict)) {
      for (int i = 0; i < FILLERS; i++) {
        store.put("filler".getBytes(UTF_8), new byte[TestStores.SEGMENT_BYTES / 8]);
      }
    } catch (RuntimeException e) {
      throw new BrokenPromiseException("tidying up threw " + e, e);
    }
  }
}
