package functiontest

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"testing"
)

// verbose passes on what functions log where the tests were started with -v: without it a failure would stand among the faults that other tests made on purpose.
type verbose struct{ slog.Handler }

func (v verbose) Enabled(ctx context.Context, l slog.Level) bool {
	// A test program that plays a function has read no flags: it logs as the function does, to the stack that started it.
	return (!flag.Parsed() || testing.Verbose()) && v.Handler.Enabled(ctx, l)
}
func (v verbose) WithAttrs(a []slog.Attr) slog.Handler { return verbose{v.Handler.WithAttrs(a)} }
func (v verbose) WithGroup(name string) slog.Handler   { return verbose{v.Handler.WithGroup(name)} }

func init() { slog.SetDefault(slog.New(verbose{slog.NewTextHandler(os.Stderr, nil)})) }
