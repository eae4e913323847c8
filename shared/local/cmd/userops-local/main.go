// Command userops-local runs template.yaml on this machine: `run` (what `make run` starts), `invoke` for one event alone,
// `redrive` for the dead letters of a queue, `show` for what the tables hold, and `env` for other runners of the functions. It knows the product's demo keys, which parameters of the
// template suit one machine, and how people's items are packed; everything else is in shared/local.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/userops/userops/shared/local"
)

func main() {
	if err := command(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "userops-local: "+strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}

const usage = `userops-local [run]                     starts everything; Ctrl-C stops it
userops-local invoke FUNCTION EVENT.json   runs one event alone
userops-local redrive QUEUE                sends the dead letters of a queue again
userops-local show profile ID              prints what stands in the tables under a userId, anonymous:ID or profile:ID, unpacked
userops-local show order ID                the same of an order
userops-local show timeline ID [DAY]       the packs of a person; with a day (2026-11-29) also their events
userops-local env                          prints the functions' environment for sam local --env-vars

environment:
  GATEWAY_ADDR    where the HTTP API and the inbox listen (127.0.0.1:8080); port 0 takes a free one, here and below
  DYNAMODB_ADDR   where the tables are (127.0.0.1:8000)
  SQS_ADDR        where the queues are (127.0.0.1:9324)
  SMTP_ADDR       where mail is taken (127.0.0.1:1025)
  S3_ADDR         where the archive's bucket is (127.0.0.1:0)
  SSM_ADDR        where functions read secrets (127.0.0.1:0)
  LAMBDA_ADDR     where functions are invoked (127.0.0.1:0)
  DATA            the folder that keeps everything (.userops)
  STACK           of show: what precedes the names of the tables (userops)

flags, anywhere:`

func command(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("userops-local", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	parameters := pairs{}
	file := flags.String("template", "template.yaml", "the template to run")
	build := flags.String("build", "build/local", "where the programs of the functions are")
	concurrency := flags.Int("concurrency", 10, "processes of one function at most")
	grace := flags.Duration("grace", 30*time.Second, "how long a stop waits for what is in flight")
	ttlLag := flags.Duration("ttl-lag", 0, "how long expired items stay visible; 0 is 48 hours")
	flags.Var(parameters, "param", "Name=Value of a parameter of the template; may be repeated")
	words, err := parseInterspersed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		_, _ = fmt.Fprintln(out, usage)
		flags.PrintDefaults()
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; userops-local -h lists the flags", err)
	}
	if *concurrency < 1 {
		return fmt.Errorf("-concurrency is %d; give a whole number from 1 on", *concurrency)
	}
	name := "run"
	if len(words) > 0 {
		name, words = words[0], words[1:]
	}
	o := options(*file, *build, parameters)
	o.Concurrency, o.TTLLag = *concurrency, *ttlLag
	switch name {
	case "run":
		if len(words) > 0 {
			return fmt.Errorf("run takes no argument, and got %q", words[0])
		}
		return run(o, *grace, out)
	case "invoke":
		if len(words) != 2 || words[0] == "" || words[1] == "" {
			return errors.New("invoke wants a function and the file of an event: make invoke FUNCTION=ingest EVENT=events/ingest/batch.json")
		}
		return invoke(o, words[0], words[1], out)
	case "redrive":
		if len(words) != 1 || words[0] == "" {
			return errors.New("redrive wants a queue: make redrive QUEUE=EventsQueue")
		}
		return redrive(o, words[0], out)
	case "show":
		return show(o, words, out)
	case "env":
		if len(words) > 0 {
			return fmt.Errorf("env takes no argument, and got %q", words[0])
		}
		return variables(o, out)
	}
	return fmt.Errorf("no command %s; there are run, invoke, redrive, show and env", name)
}

// parseInterspersed parses flags wherever they stand among the arguments, and gives the other arguments. All that follows -- is such.
func parseInterspersed(flags *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if len(rest) == 0 {
			return words, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(words, rest...), nil
		}
		words, args = append(words, rest[0]), rest[1:]
	}
}

// pairs collects -param Name=Value.
type pairs map[string]string

func (p pairs) String() string { return "" }

func (p pairs) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return fmt.Errorf("%q is not Name=Value", text)
	}
	p[name] = value
	return nil
}

func run(o local.Options, grace time.Duration, out io.Writer) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o.Out = out
	started := make(chan struct{})
	stopped := make(chan os.Signal, 1)
	go func() {
		got := <-signals
		stopped <- got
		select {
		case <-started:
		default:
			cancel()
		}
		// Who asks twice does not want to wait.
		<-signals
		os.Exit(1)
	}()
	stack, err := local.Start(ctx, o)
	if err != nil {
		return err
	}
	close(started)
	<-stopped
	_, _ = fmt.Fprintln(out, "\nstopping: what is in flight is finished; Ctrl-C again gives up on it")
	begun := time.Now()
	bounded, end := context.WithTimeout(context.Background(), grace)
	defer end()
	if err := stack.Stop(bounded); err != nil {
		return fmt.Errorf("stopping: %w; unfinished messages come back at the next start", err)
	}
	_, _ = fmt.Fprintf(out, "stopped in %.2f s; everything is on disk\n", time.Since(begun).Seconds())
	return nil
}
