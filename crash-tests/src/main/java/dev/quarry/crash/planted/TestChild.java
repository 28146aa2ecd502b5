package dev.quarry.crash.planted;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The process that runs classes of tests up to the first failure, and writes to a file how it went:
 * {@link #GREEN}, the test that failed, or {@link #RUNNING} and the test that it did not survive.
 */
final class TestChild implements TestExecutionListener {

  static final String GREEN = "green";
  static final String RUNNING = "running ";

  private final Path report;
  private final AtomicInteger passed = new AtomicInteger();

  private TestChild(Path report) {
    this.report = report;
  }

  /** Arguments: the file for the report, a directory for what jqwik keeps, the classes. */
  public static void main(String[] arguments) throws IOException {
    Path report = Path.of(arguments[0]);
    List<DiscoverySelector> classes =
        List.of(arguments).subList(2, arguments.length).stream()
            .<DiscoverySelector>map(DiscoverySelectors::selectClass)
            .toList();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(classes)
            .configurationParameter("jqwik.database", arguments[1])
            .configurationParameter("jqwik.shrinking.default", "OFF") // nobody reads the sample
            .build();
    TestChild child = new TestChild(report);
    LauncherFactory.create().execute(request, child);
    child.end(child.passed.get() == 0 ? "no test was found" : GREEN);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    if (test.isTest()) {
      write(RUNNING + name(test));
    }
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == Status.FAILED) {
      result.getThrowable().ifPresent(Throwable::printStackTrace);
      end(name(test));
    } else if (test.isTest() && result.getStatus() == Status.SUCCESSFUL) {
      passed.incrementAndGet();
    }
  }

  private static String name(TestIdentifier test) {
    return test.getSource()
        .map(
            source -> {
              if (source instanceof MethodSource method) {
                return simple(method.getClassName()) + '.' + method.getMethodName();
              }
              return source instanceof ClassSource type
                  ? simple(type.getClassName())
                  : test.getDisplayName();
            })
        .orElse(test.getDisplayName());
  }

  private static String simple(String className) {
    return className.substring(className.lastIndexOf('.') + 1);
  }

  /** Ends the process at once, whatever threads a test has left. */
  private void end(String how) {
    write(how);
    Runtime.getRuntime().halt(0);
  }

  private void write(String how) {
    try {
      Files.writeString(report, how);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
