package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/userops/userops/shared/local"
)

// invoke runs one event on the stack that runs on the data folder, or else on one that is started for it and takes nothing in.
func invoke(o local.Options, function, file string, out io.Writer) error {
	event, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the event %s cannot be read: %w", file, errors.Unwrap(err))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var done local.Alone
	if addresses, err := local.ReadAddresses(o.DataDir); err == nil && answers(ctx, addresses) {
		if done, err = ask(ctx, addresses, function, event); err != nil {
			return err
		}
	} else {
		o.NoIntake, o.Out = true, out
		o.GatewayAddr, o.DynamoDBAddr, o.SQSAddr, o.LambdaAddr, o.SMTPAddr = "", "", "", "", ""
		stack, err := local.Start(ctx, o)
		if err != nil {
			return err
		}
		stackErr := func() error {
			bounded, end := context.WithTimeout(context.Background(), 10*time.Second)
			defer end()
			return stack.Stop(bounded)
		}
		done, err = stack.InvokeAlone(ctx, function, event)
		if err = errors.Join(err, stackErr()); err != nil {
			return err
		}
	}
	done.Print(out)
	if done.Failed {
		return errors.New("the function failed; its error is the answer above")
	}
	return nil
}

func answers(ctx context.Context, a local.Addresses) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Gateway+"/local/usage", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func ask(ctx context.Context, a local.Addresses, function string, event []byte) (local.Alone, error) {
	var done local.Alone
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Gateway+"/local/invoke/"+url.PathEscape(function), bytes.NewReader(event))
	if err != nil {
		return done, fmt.Errorf("asking the stack: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return done, fmt.Errorf("asking the stack at %s: %w", a.Gateway, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return done, fmt.Errorf("asking the stack at %s: %w", a.Gateway, err)
	}
	if resp.StatusCode != http.StatusOK {
		return done, errors.New(strings.TrimSpace(string(body)))
	}
	if err := json.Unmarshal(body, &done); err != nil {
		return done, fmt.Errorf("reading the stack's answer: %w", err)
	}
	return done, nil
}

// running is where the stack of the data folder is reached.
func running(ctx context.Context, o local.Options) (local.Addresses, error) {
	addresses, err := local.ReadAddresses(o.DataDir)
	if err == nil && !answers(ctx, addresses) {
		err = fmt.Errorf("the stack of the data folder %s does not answer at %s; start it with `make run`", o.DataDir, addresses.Gateway)
	}
	return addresses, err
}

// variables prints what sam local takes as --env-vars.
func variables(o local.Options, out io.Writer) error {
	addresses, err := running(context.Background(), o)
	if err != nil {
		return err
	}
	all, err := local.Variables(o, addresses)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the variables: %w", err)
	}
	_, err = fmt.Fprintln(out, string(text))
	return err
}

// keeper is the function, if there is one, that keeps dead letters and sends them again.
const keeper = "Redrive"

// redriveKept lets the keeper send what it has kept of a queue's dead letters.
func redriveKept(ctx context.Context, o local.Options, addresses local.Addresses, queue string) (int64, error) {
	functions, err := local.Variables(o, addresses)
	if err != nil {
		return 0, err
	}
	if _, has := functions[keeper]; !has {
		return 0, nil
	}
	event, err := json.Marshal(map[string]string{"redrive": queue})
	if err != nil {
		return 0, err
	}
	for sum := int64(0); ; {
		done, err := ask(ctx, addresses, keeper, event)
		if err != nil {
			return 0, err
		}
		var answer struct {
			Sent         int64
			Left         bool
			ErrorMessage string
		}
		if err := json.Unmarshal(done.Answer, &answer); err != nil {
			return 0, fmt.Errorf("reading what became of the kept dead letters: %w", err)
		}
		if done.Failed {
			return 0, fmt.Errorf("sending the kept dead letters: %s", answer.ErrorMessage)
		}
		if sum += answer.Sent; !answer.Left {
			return sum, nil
		}
	}
}

func redrive(o local.Options, queue string, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addresses, err := running(ctx, o)
	if err != nil {
		return err
	}
	n, err := local.Redrive(ctx, o, addresses, queue)
	if err != nil {
		return err
	}
	kept, err := redriveKept(ctx, o, addresses, queue)
	if err != nil {
		return err
	}
	n += kept
	_, _ = fmt.Fprintf(out, "%d dead letters of %s are on their way again\n", n, queue)
	return nil
}
