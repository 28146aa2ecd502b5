package dev.quarry.tool.log;

import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/**
 * Prints warnings and errors on the error stream, each in one line. A stack trace goes with it only
 * if {@code QUARRY_DEBUG} is in the environment: the command reports the failure itself.
 */
final class LineLogger extends LegacyAbstractLogger {

  private static final long serialVersionUID = 1L;

  private static final boolean WITH_STACK_TRACES = System.getenv("QUARRY_DEBUG") != null;

  LineLogger(String name) {
    this.name = name;
  }

  @Override
  protected void handleNormalizedLoggingCall(
      Level level,
      @Nullable Marker marker,
      String pattern,
      Object @Nullable [] arguments,
      @Nullable Throwable failure) {
    PrintStream error = System.err;
    String text = MessageFormatter.basicArrayFormat(pattern, arguments);
    error.println("quarry: " + (level == Level.WARN ? "warning: " : "") + text);
    if (failure != null && WITH_STACK_TRACES) {
      failure.printStackTrace(error);
    }
  }

  @Override
  protected @Nullable String getFullyQualifiedCallerName() {
    return null;
  }

  @Override
  public boolean isErrorEnabled() {
    return true;
  }

  @Override
  public boolean isWarnEnabled() {
    return true;
  }

  @Override
  public boolean isInfoEnabled() {
    return false;
  }

  @Override
  public boolean isDebugEnabled() {
    return false;
  }

  @Override
  public boolean isTraceEnabled() {
    return false;
  }
}
