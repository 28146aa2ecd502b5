package dev.quarry.bloom;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class AllocationTest {

  private static final int OPERATIONS = 200_000;

  private int hits;

  private void addAndTest(SwappableBloomFilter filter, long fromKey) {
    for (long key = fromKey; key < fromKey + OPERATIONS; key++) {
      filter.confirm(filter.add(Hashes.low(key), Hashes.high(key)));
      hits += filter.mightContain(Hashes.low(key), Hashes.high(key)) ? 1 : 0;
    }
  }

  @Test
  void addsAndTestsAllocateNothing() {
    SwappableBloomFilter filter = new SwappableBloomFilter(3 * OPERATIONS, 0.01);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    addAndTest(filter, 0); // Linking the access to memory allocates, once.
    long before = threads.getThreadAllocatedBytes(self);
    addAndTest(filter, OPERATIONS);
    long allocated = threads.getThreadAllocatedBytes(self) - before;
    assertTrue(allocated < OPERATIONS / 100, () -> allocated + " bytes");
    assertTrue(hits == 2 * OPERATIONS);
  }
}
