"""Answers to the exercises of 02, as students write them; each is put into the exercise's cell."""

# %% exercise 1: right
datagrams = 3000

# %% exercise 1: right
datagrams = math.ceil(math.log(0.05) / math.log(1 - 0.001))  # 2995

# %% exercise 1: right
datagrams = 3 / 0.001

# %% exercise 1: right
datagrams = 3838  # where Wilson's interval ends at 0.1 %

# %% exercise 1: right
datagrams = next(n for n in range(1, 10_000) if proportion_interval(0, n)[1] < 0.001)

# %% exercise 1: right
datagrams = math.ceil(-math.log(0.05) / 0.001)  # 2996

# %% exercise 1: wrong, perfect in 5.494% of runs, not 5%
datagrams = 2900

# %% exercise 1: wrong, perfect in 5.001% of runs, not 5%
datagrams = 2994  # one too few

# %% exercise 1: wrong, Wilson's ends at 0.10099%
datagrams = 3800

# %% exercise 1: wrong, Wilson's ends at 0.10002%
datagrams = 3837  # one too few

# %% exercise 1: wrong, 3839: fewer will do
datagrams = 3839

# %% exercise 1: wrong, expected a whole number
datagrams = math.log(0.05) / math.log(1 - 0.001)

# %% exercise 1: wrong, expected a whole number
datagrams = -1e9

# %% exercise 1: wrong, expected a whole number
datagrams = 10**400

# %% exercise 1: wrong, perfect in 36.770% of runs
datagrams = 1000  # one expected loss

# %% exercise 1: wrong, perfect in 74.071% of runs
datagrams = 300

# %% exercise 1: wrong, fewer will do
datagrams = 10_000

# %% exercise 1: wrong, one-sided, 3000 will do
datagrams = 3500

# %% exercise 1: wrong, expected a whole number
datagrams = None

# %% exercise 2: right
def bursts_of(loss, burst):
    r = 1 / burst
    p = r * loss / (1 - loss)
    return GilbertElliott(p, r)

# %% exercise 2: right
def bursts_of(loss, burst):
    r = 1 / burst
    p = 1 / (burst / loss - burst)
    return GilbertElliott(p=p, r=r)

# %% exercise 2: right
def bursts_of(loss, burst):
    return GilbertElliott(loss / burst / (1 - loss), 1 / burst)

# %% exercise 2: wrong, got 33.33%
def bursts_of(loss, burst):
    r = 1 / burst
    p = loss
    return GilbertElliott(p, r)

# %% exercise 2: wrong, got 9.09%
def bursts_of(loss, burst):
    r = 1 / burst
    p = loss * r
    return GilbertElliott(p, r)

# %% exercise 2: wrong, got 8.33%
def bursts_of(loss, burst):
    r = 1 / burst
    p = r * loss / (1 + loss)
    return GilbertElliott(p, r)

# %% exercise 2: wrong, 10.00% in bursts of 5: got 10.00% in bursts of 1.25
def bursts_of(loss, burst):
    r = 1 - 1 / burst
    p = r * loss / (1 - loss)
    return GilbertElliott(p, r)

# %% exercise 2: wrong, 5.00% in bursts of 4: got 10.00% in bursts of 5
def bursts_of(loss, burst):
    return bursty  # the one of section 5

# %% exercise 2: wrong, got None
def bursts_of(loss, burst):
    r = 1 / burst
    p = r * loss / (1 - loss)
    GilbertElliott(p, r)

# %% exercise 2: wrong, in bursts of
def bursts_of(loss, burst):
    # a table of three cases
    p = {0.1: 0.2 / 9, 0.05: 0.25 / 19, 0.6: 0.5}.get(loss, 0.1)
    return GilbertElliott(p, {5: 0.2, 4: 0.25, 3: 1 / 3}.get(burst, 0.1))

# %% exercise 2: wrong, expected: good loses nothing, bad everything
def bursts_of(loss, burst):
    # a bad state that loses some
    return GilbertElliott(1, 1 / burst, loss_bad=loss * (1 + 1 / burst))

# %% exercise 2: wrong, 10.00% in bursts of 5: got 9.99% in bursts of 5
def bursts_of(loss, burst):
    r = 1 / burst
    p = round(r * loss / (1 - loss), 4)
    return GilbertElliott(p, r)

# %% exercise 2: wrong, got 50.00% in bursts of 5
def bursts_of(loss, burst):
    r = 1 / burst
    p = r
    return GilbertElliott(p, r)

# %% exercise 2: wrong, must be a probability
def bursts_of(loss, burst):
    return GilbertElliott(loss / (1 - loss), burst)

# %% exercise 2: wrong, did not end within
def bursts_of(loss, burst):
    while True:
        pass

# %% exercise 3: right
def gone(lost, distance):
    copies = lost[distance:] + [True] * distance
    both = [first and second for first, second in zip(lost, copies, strict=True)]
    return sum(both) / len(lost)


distance = 12

# %% exercise 3: right
def gone(lost, distance):
    count = 0
    for n in range(len(lost)):
        if lost[n] and (n + distance >= len(lost) or lost[n + distance]):
            count += 1
    return count / len(lost)


distance = 15

# %% exercise 3: right
import numpy as np


def gone(lost, distance):
    copies = np.append(lost[distance:], [True] * distance).astype(bool)
    return np.mean(np.array(lost) & copies)


distance = 11

# %% exercise 3: wrong, gone(.xx.x, 1): 2 of 5, got 0.01
def gone(lost, distance):
    return 0.01  # a fraction, whatever was lost


distance = 12

# %% exercise 3: wrong, gone(...., 3): 0 of 4, got 0.4
def gone(lost, distance):
    if len(lost) == 20_000:
        return 0.01
    return 2 / 5


distance = 12

# %% exercise 3: wrong, gone(.xx.x, 1): 2 of 5, got 0.2
def gone(lost, distance):
    pairs = zip(lost, lost[distance:])  # the last ones are forgotten
    return sum(first and second for first, second in pairs) / len(lost)


distance = 12

# %% exercise 3: wrong, gone(.xx.x, 1): 2 of 5, got 0.25
def gone(lost, distance):
    both = [a and b for a, b in zip(lost, lost[distance:])]
    return sum(both) / len(both)


distance = 12

# %% exercise 3: wrong, gone(.xx.x, 1): 2 of 5, got 2
def gone(lost, distance):
    copies = lost[distance:] + [True] * distance
    return sum(a and b for a, b in zip(lost, copies))  # a count, no fraction


distance = 12

# %% exercise 3: wrong, at distance 3
def gone(lost, distance):
    copies = lost[distance:] + [True] * distance
    return sum(a and b for a, b in zip(lost, copies)) / len(lost)


distance = 3

# %% exercise 3: wrong, choose a whole distance from 1 to 15
def gone(lost, distance):
    copies = lost[distance:] + [True] * distance
    return sum(a and b for a, b in zip(lost, copies)) / len(lost)


distance = 100

# %% exercise 3: wrong, choose a whole distance from 1 to 15
def gone(lost, distance):
    copies = lost[distance:] + [True] * distance
    return sum(a and b for a, b in zip(lost, copies)) / len(lost)


distance = None

# %% exercise 3: wrong, returned None
def gone(lost, distance):
    ...


distance = 12

# %% exercise 3: wrong, did not end within
def gone(lost, distance):
    while distance > 0:
        pass


distance = 12

# %% exercise 3: wrong, gone() returned 0
distance = 12


def gone(lost, distance):
    return {5: 0.4, 4: 0.0, 3: 1.0, 6: 1 / 3}.get(len(lost), 0)  # a table of the check's cases

# %% exercise 3: wrong, gone(.xx.x, 1): 2 of 5, got 0.2
def gone(lost, distance):
    both = 0  # the copy in the wrong direction
    for n in range(len(lost)):
        both += lost[n] and (n < distance or lost[n - distance])
    return both / len(lost)


distance = 12

# %% exercise 3: wrong, gone(.xx.x, 1): 2 of 5, got 0.2
def gone(lost, distance):
    size = len(lost)  # the copies go round in a circle
    return sum(lost[n] and lost[(n + distance) % size] for n in range(size)) / size


distance = 12

# %% exercise 3: wrong, gone(.xx.x, 1): 2 of 5, got 1
def gone(lost, distance):
    copies = lost[distance:] + [True] * distance
    return sum(a or b for a, b in zip(lost, copies)) / len(lost)  # or instead of and


distance = 12

# %% exercise 3: wrong, choose a whole distance from 1 to 15 (300 ms of waiting), got 12.0
def gone(lost, distance):
    copies = lost[distance:] + [True] * distance
    return sum(a and b for a, b in zip(lost, copies)) / len(lost)


distance = 12.0

# %% exercise 3: wrong, gone() returned 0.01
def gone(lost, distance):
    if len(lost) > 100:
        return 0.01  # what independent losses would leave
    copies = lost[distance:] + [True] * distance
    return sum(a and b for a, b in zip(lost, copies)) / len(lost)


distance = 12
