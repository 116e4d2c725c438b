module example.com/downstream

go 1.24
