package dev.quarry.bloom;

/**
 * What the tests of the rebuild protocol need of a holder, so that they also run on broken ones.
 */
interface Holder {

  Object add(long low, long high);

  void confirm(Object token, long low, long high);

  boolean mightContain(long low, long high);

  boolean rebuild(long expectedKeys, KeySource source) throws InterruptedException;

  /** The holder under test. */
  static Holder real(long expectedKeys) {
    SwappableBloomFilter filter = new SwappableBloomFilter(expectedKeys, 0.001);
    return new Holder() {
      @Override
      public Object add(long low, long high) {
        return filter.add(low, high);
      }

      @Override
      public void confirm(Object token, long low, long high) {
        filter.confirm((SwappableBloomFilter.Epoch) token);
      }

      @Override
      public boolean mightContain(long low, long high) {
        return filter.mightContain(low, high);
      }

      @Override
      public boolean rebuild(long expected, KeySource source) throws InterruptedException {
        return filter.rebuild(expected, source);
      }
    };
  }
}
