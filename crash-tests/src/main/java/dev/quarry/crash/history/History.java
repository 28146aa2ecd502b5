package dev.quarry.crash.history;

import dev.quarry.StoreMode;
import dev.quarry.TestStores;
import dev.quarry.crash.history.Step.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * What is done to one store.
 *
 * @param seed of the disk, and of what else is left to chance
 * @param shape the store
 * @param steps in order
 */
public record History(long seed, Shape shape, List<Step> steps) {

  private static final int TROUBLES = 100;

  /**
   * The history of a seed. One in four has threads, and is then not the same each time it is run.
   */
  public static History of(long seed) {
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    StoreMode mode = random.nextBoolean() ? StoreMode.DURABLE : StoreMode.CACHE;
    return random(seed, mode, random.nextInt(4) == 0, random);
  }

  private static History random(long seed, StoreMode mode, boolean threaded, Random random) {
    Shape shape = Shape.random(mode, threaded, random);
    boolean trouble = random.nextInt(3) > 0;
    int[] hot = random.ints(3 + random.nextInt(12), 0, shape.keys()).toArray();
    int length = 10 + random.nextInt(random.nextInt(4) == 0 ? 250 : 70);
    List<Step> steps = new ArrayList<>(length);
    while (steps.size() < length) {
      int dice = random.nextInt(trouble ? TROUBLES + 18 : TROUBLES);
      int key =
          random.nextInt(3) > 0 ? hot[random.nextInt(hot.length)] : random.nextInt(shape.keys());
      Kind kind = dice < TROUBLES ? calm(dice, threaded) : trouble(dice - TROUBLES);
      steps.add(new Step(kind, key, amount(kind, shape, random), random.nextLong()));
    }
    return new History(seed, shape, steps);
  }

  private static Kind calm(int dice, boolean threaded) {
    if (threaded && dice % 10 == 0) {
      return Kind.THREADS;
    }
    int at = 0;
    for (Share share : Share.ALL) {
      at += share.percent;
      if (dice < at) {
        return share.kind;
      }
    }
    return Kind.GET;
  }

  private record Share(Kind kind, int percent) {
    static final List<Share> ALL =
        List.of(
            new Share(Kind.PUT, 32),
            new Share(Kind.PUT_BUFFER, 8),
            new Share(Kind.PUT_STREAM, 8),
            new Share(Kind.DELETE, 14),
            new Share(Kind.HOLD, 6),
            new Share(Kind.RELEASE, 5),
            new Share(Kind.SYNC, 3),
            new Share(Kind.IDLE, 4),
            new Share(Kind.CHANGE_BOUND, 1),
            new Share(Kind.REOPEN, 4),
            new Share(Kind.PUT_MANY, 3),
            new Share(Kind.DELETE_MANY, 2),
            new Share(Kind.CRASH, 5),
            new Share(Kind.LOSE_CHECKPOINT, 2));
  }

  private static Kind trouble(int dice) {
    return switch (dice % 6) {
      case 0 -> Kind.FAIL;
      case 1 -> Kind.FILL_DISK;
      case 2, 3 -> Kind.LACK;
      default -> Kind.FREE_DISK;
    };
  }

  private static int amount(Kind kind, Shape shape, Random random) {
    return switch (kind) {
      case PUT, PUT_BUFFER, PUT_STREAM -> size(shape.options().segmentBytes(), random);
      case PUT_MANY, DELETE_MANY -> 1 + random.nextInt(shape.keys());
      case CRASH -> 1 + random.nextInt(random.nextBoolean() ? 20 : 200);
      case FAIL, LACK -> 1 + random.nextInt(60);
      case FILL_DISK -> random.nextInt(2 * TestStores.SEGMENT_BYTES);
      case CHANGE_BOUND -> 6 + random.nextInt(10);
      case THREADS -> 2 + random.nextInt(3);
      default -> 0;
    };
  }

  /** Values that fit slabs, fill them, and do not fit them. */
  private static int size(int segmentBytes, Random random) {
    return switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> random.nextInt(300);
      case 4, 5 -> random.nextInt(3_000);
      case 6 -> 3_900 + random.nextInt(400);
      case 7, 8, 9 -> 5_000 + random.nextInt(25_000);
      case 10 -> segmentBytes / 2 + random.nextInt(segmentBytes / 2);
      default -> segmentBytes + random.nextInt(segmentBytes / 2);
    };
  }

  /** The same without some of its steps. */
  History with(List<Step> others) {
    return new History(seed, shape, others);
  }

  @Override
  public String toString() {
    return "a "
        + shape
        + ", with\n"
        + steps.stream().map(step -> "  " + step).collect(Collectors.joining("\n"));
  }
}
